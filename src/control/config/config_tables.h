// The tables of the configuration file, each read by a function of its own.
#pragma once

#include <reveille/config.h>

#include "control/config/table_reader.h"

namespace reveille {

void read_interfaces(TableReader& file, std::vector<InterfaceConfig>& to);
void read_subnets(TableReader& file, std::vector<SubnetConfig>& to);
void read_pools(TableReader& file, std::vector<NamedPoolConfig>& to);
// [hosts]
void read_host_file_names(TableReader& table, std::vector<std::string>& to);
void read_hosts(TableReader& file, std::vector<HostConfig>& to);
void read_templates(TableReader& file, std::vector<TemplateConfig>& to);
void read_disks(TableReader& file, std::vector<DiskConfig>& to);

void read_dhcp(TableReader& table, DhcpConfig& to);
void read_boot(TableReader& table, BootConfig& to);
void read_relay(TableReader& table, RelayConfig& to);
void read_tftp(TableReader& table, TftpConfig& to);
void read_leases(TableReader& table, LeasesConfig& to);
void read_images(TableReader& table, ImagesConfig& to);
void read_disk_limits(TableReader& table, DisksConfig& to);
void read_workers(TableReader& table, WorkersConfig& to);
void read_control(TableReader& table, ControlConfig& to);
void read_log(TableReader& table, LogConfig& to);

}  // namespace reveille
