# shellcheck shell=bash disable=SC2154
# Sourced by build-static: how each library of sources.txt is built. Every function build_NAME runs in
# the unpacked source of NAME, with the release compiler as CC, and installs into $prefix.

# Without optimising over files: OpenSSL advises against it, as it sees through code that is slow on purpose, so that
# its time tells nothing of keys (openssl/openssl#553). Nor is its code written for strict aliasing.
build_openssl() {
    export CFLAGS="${CFLAGS/ -flto/} -fno-strict-aliasing"
    # Only what TLS 1.2 and 1.3 and digests need: one provider, no old ciphers, nothing that is loaded at run time.
    ./Configure "linux-$machine" --prefix=/usr/local --libdir=lib --openssldir=/etc/ssl no-shared no-tests \
        no-engine no-dso no-legacy no-module no-comp no-ssl3 no-tls1 no-tls1_1 no-dtls no-srp no-psk no-idea no-camellia \
        no-seed no-sm2 no-sm3 no-sm4 no-rc2 no-rc4 no-md4 no-mdc2 no-whirlpool no-bf no-cast no-des no-aria \
        no-cms no-ts no-ct no-ocsp no-afalgeng no-ui-console no-secure-memory \
        no-cmp no-ec2m no-dsa no-dh no-rmd160 no-scrypt no-siphash no-siv no-ocb no-blake2 no-gost no-srtp no-sctp \
        no-ssl-trace no-nextprotoneg no-rfc3779 no-capieng no-padlockeng no-autoload-config no-autoerrinit no-cached-fetch \
        no-multiblock
    make -j"$jobs" build_libs
    make DESTDIR="$work/openssl-installed" install_dev
    cp -r "$work/openssl-installed/usr/local/." "$prefix/"
    sed -i "s|^prefix=.*|prefix=$prefix|" "$prefix"/lib/pkgconfig/{openssl,libssl,libcrypto}.pc
}

# Small is good; these are better fast.
fast() { CFLAGS="$CFLAGS -O2" "$@"; }

build_curl() {
    ./configure --host="$machine-linux-musl" --prefix="$prefix" --disable-shared --enable-static \
        --with-openssl="$prefix" --without-zlib --without-zstd --without-brotli --without-libpsl --without-libidn2 \
        --without-nghttp2 --without-librtmp --without-ca-bundle --without-ca-path \
        --disable-ftp --disable-file --disable-ldap --disable-ldaps --disable-rtsp --disable-dict --disable-telnet \
        --disable-tftp --disable-pop3 --disable-imap --disable-smb --disable-smtp --disable-gopher --disable-mqtt \
        --disable-manual --disable-ntlm --disable-cookies --disable-netrc --disable-doh --disable-alt-svc \
        --disable-hsts --disable-mime --disable-dateparse --disable-progress-meter --disable-tls-srp --disable-aws \
        --disable-get-easy-options --disable-libcurl-option --enable-unix-sockets --disable-dependency-tracking
    make -j"$jobs" -C lib install
    make -C include install
    make install-pkgconfigDATA
}

build_autotools() {
    [ -x configure ] || autoreconf -fi
    ./configure --host="$machine-linux-musl" --prefix="$prefix" --disable-shared --enable-static \
        --disable-dependency-tracking "$@"
    make -j"$jobs"
    make install
}

# For engines that are read by gRPC; without the programs around it.
build_nghttp2() { build_autotools --enable-lib-only; }

build_jansson() { build_autotools; }

build_libyaml() { build_autotools; }

build_libisal() {
    autoreconf -fi
    # What configure cannot find out where its programs do not run.
    ac_cv_func_malloc_0_nonnull=yes fast build_autotools
}

build_expat() {
    cd expat 2>/dev/null || true
    [ ! -f buildconf.sh ] || ./buildconf.sh
    build_autotools --without-docbook --without-examples --without-tests --without-xmlwf
}

build_libzstd() {
    fast make -j"$jobs" -C lib PREFIX="$prefix" install-static install-includes install-pc ZSTD_LEGACY_SUPPORT=0
}
