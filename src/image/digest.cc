#include "image/digest.h"

#include <algorithm>
#include <new>

#include <openssl/evp.h>

namespace reveille {

namespace {

void require(int openssl_result) {
  if (openssl_result != 1) throw std::bad_alloc{};
}

}  // namespace

struct Digester::Hash {
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context{EVP_MD_CTX_new(),
                                                                  &EVP_MD_CTX_free};
};

Digester::Digester(std::uint64_t size) : hash_(std::make_unique<Hash>()), sums_(size) {
  if (!hash_->context) throw std::bad_alloc{};
  require(EVP_DigestInit_ex(hash_->context.get(), EVP_sha256(), nullptr));
}

Digester::~Digester() = default;

void Digester::append(Bytes part) {
  require(EVP_DigestUpdate(hash_->context.get(), part.data(), part.size()));
  sums_.append(part);
}

Digest Digester::finish() {
  Digest digest;
  require(EVP_DigestFinal_ex(hash_->context.get(), digest.sha256.data(), nullptr));
  digest.sums = std::move(sums_);
  return digest;
}

Digest digest_of(Bytes whole) {
  Digester digester{whole.size()};
  for (std::size_t at = 0; at < whole.size(); at += Digester::kPartSize) {
    digester.append(whole.subspan(at, std::min(Digester::kPartSize, whole.size() - at)));
  }
  return digester.finish();
}

}  // namespace reveille
