#!/usr/bin/env bash
# Runs a real CKAN (PostgreSQL + Redis + Solr + filestore) on 127.0.0.1 without containers.
#
#   run_ckan.sh installed what is missing on this machine, a line each; exit code 0 when nothing is
#   run_ckan.sh install   system packages, Solr jars, CKAN's virtual environment
#   run_ckan.sh start     start what is not running, initialise on first use, write ckan.env
#   run_ckan.sh stop      stop what this script started (by process id)
#   run_ckan.sh reset     stop, and drop database, index and uploaded files
#   run_ckan.sh editor N  an ordinary user N, and a token for it
#
# Works as root (PostgreSQL then runs as the user postgres) and as an ordinary user.
# Needs: Debian/Ubuntu, Python >= 3.10, a JDK >= 11 and Maven (installed if absent).
set -euo pipefail

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
KIT=$HERE
RUN=${CKAN_RUN_DIR:-/var/tmp/jejak-ckan-$(id -u)}  # not below a 0700 directory such as root's home: PostgreSQL runs as another user
VERSION=${CKAN_VERSION:-2.12.0}
PYTHON=${PYTHON:-python3}
PORT=${CKAN_PORT:-5000}
SOLR_PORT=${CKAN_SOLR_PORT:-18983}
PG_PORT=${CKAN_PG_PORT:-15432}
REDIS_PORT=${CKAN_REDIS_PORT:-16379}
PLUGINS=${CKAN_PLUGINS-}                     # e.g. "activity"; empty: none
MAX_MB=${CKAN_MAX_RESOURCE_MB:-200}          # CKAN's own default is 10
URL=http://127.0.0.1:$PORT

VENV=$RUN/venv-$VERSION
DATA=${CKAN_DATA_DIR:-$RUN/data-$VERSION}
SOLR=$RUN/solr
INI=$DATA/ckan.ini

say() { echo "[ckan] $*" >&2; }
die() { say "$*"; exit 1; }
root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }
pgdo() { if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi; }
alive() { [ -s "$DATA/$1.pid" ] && kill -0 "$(head -1 "$DATA/$1.pid")" 2>/dev/null; }
bg() { # bg NAME COMMAND...: detached, with a process id file and a log
  local name=$1; shift
  setsid nohup "$@" >"$DATA/$name.log" 2>&1 </dev/null &
  echo $! >"$DATA/$name.pid"
}
wait_http() { # wait_http NAME URL SECONDS
  local end=$((SECONDS + $3))
  until curl -sf -o /dev/null --max-time 5 "$2"; do
    alive "$1" || { tail -30 "$DATA/$1.log" >&2; die "$1 ended early"; }
    [ $SECONDS -lt $end ] || { tail -30 "$DATA/$1.log" >&2; die "$1 not ready in $3 s"; }
    sleep 0.2
  done
}
free_port() { # nothing may listen there already
  if (exec 3<>"/dev/tcp/127.0.0.1/$2") 2>/dev/null; then die "port $2 ($1) is taken"; fi
}
pgbin() {
  local b
  b=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1)
  [ -x "${b:-}/initdb" ] || die "no PostgreSQL server binaries"
  echo "$b"
}

missing_packages() { # Debian's names
  local need=()
  ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || need+=(postgresql)
  command -v psql >/dev/null || need+=(postgresql-client)
  command -v redis-server >/dev/null || need+=(redis-server)
  command -v pg_config >/dev/null && [ -e "$(pg_config --includedir)/libpq-fe.h" ] || need+=(libpq-dev)
  command -v gcc >/dev/null || need+=(gcc libc6-dev)
  command -v javac >/dev/null || need+=(openjdk-17-jdk-headless)
  command -v mvn >/dev/null || need+=(maven)
  command -v curl >/dev/null || need+=(curl)
  ldconfig -p | grep -q libmagic.so.1 || need+=(libmagic1)
  "$PYTHON" -c 'import ensurepip' 2>/dev/null || need+=(python3-venv)
  "$PYTHON" -c 'import sysconfig,os,sys; sys.exit(not os.path.exists(sysconfig.get_paths()["include"]+"/Python.h"))' \
    || need+=(python3-dev)
  printf '%s\n' "${need[@]}"
}

installed() {
  local missing; missing=$(missing_packages | sed '/^$/d')
  [ -z "$missing" ] || echo "$missing"
  [ -e "$SOLR/ok" ] || echo "Solr"
  [ -e "$VENV/ok" ] || echo "CKAN $VERSION"
  [ -z "$missing" ] && [ -e "$SOLR/ok" ] && [ -e "$VENV/ok" ]
}

install() {
  local need
  mapfile -t need < <(missing_packages | sed '/^$/d')
  if [ ${#need[@]} -gt 0 ]; then
    say "apt: ${need[*]}"
    root apt-get update -qq
    # RUNLEVEL=1: no service is started by the packages
    root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 \
      apt-get install -y -qq --no-install-recommends "${need[@]}" >/dev/null
  fi

  mkdir -p "$RUN"
  if [ ! -e "$SOLR/ok" ]; then
    say "Solr jars"
    rm -rf "$SOLR"; mkdir -p "$SOLR/lib" "$SOLR/classes"
    mvn -q -B -f "$KIT/solr/pom.xml" \
      org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies \
      -DoutputDirectory="$SOLR/lib" -DincludeScope=runtime
    javac -cp "$SOLR/lib/*" -d "$SOLR/classes" "$KIT/solr/SolrLaunch.java"
    touch "$SOLR/ok"
  fi
  if [ ! -e "$VENV/ok" ]; then
    say "CKAN $VERSION"
    rm -rf "$VENV"
    "$PYTHON" -m venv "$VENV"
    "$VENV/bin/pip" install -q --disable-pip-version-check "ckan[requirements]==$VERSION" ckanapi
    "$VENV/bin/python" -c 'import pkg_resources' 2>/dev/null \
      || "$VENV/bin/pip" install -q --disable-pip-version-check 'setuptools<81'
    touch "$VENV/ok"
  fi
}

start() {
  [ -e "$VENV/ok" ] && [ -e "$SOLR/ok" ] || die "run '$0 install' first"
  local pg; pg=$(pgbin)
  mkdir -p "$DATA/storage"
  if [ "$(id -u)" = 0 ]; then
    runuser -u postgres -- test -x "$DATA" || die "user postgres cannot reach $DATA: set CKAN_RUN_DIR"
  fi

  # PostgreSQL: own cluster, loopback only, durability off
  if ! pgdo "$pg/pg_ctl" -D "$DATA/pg/db" status >/dev/null 2>&1; then
    free_port PostgreSQL "$PG_PORT"
    if [ ! -d "$DATA/pg/db" ]; then
      mkdir -p "$DATA/pg"; chmod 700 "$DATA/pg"
      [ "$(id -u)" != 0 ] || chown postgres "$DATA/pg"
      pgdo "$pg/initdb" -D "$DATA/pg/db" -A trust -U postgres -E UTF8 --no-locale --no-sync >/dev/null
    fi
    (cd / && pgdo "$pg/pg_ctl" -D "$DATA/pg/db" -w -t 30 -l "$DATA/pg/log" -o "-p $PG_PORT \
      -c listen_addresses=127.0.0.1 -c unix_socket_directories='' \
      -c fsync=off -c synchronous_commit=off -c full_page_writes=off" start >/dev/null)
  fi

  # Redis: no persistence
  if ! alive redis; then
    free_port Redis "$REDIS_PORT"
    bg redis redis-server --port "$REDIS_PORT" --bind 127.0.0.1 --save '' --appendonly no --dir "$DATA"
  fi

  # Solr: one core with CKAN's own schema
  if ! alive solr; then
    free_port Solr "$SOLR_PORT"
    local conf=$DATA/solr/ckan/conf
    mkdir -p "$conf" "$DATA/solr/empty" "$DATA/solr/logs"
    cp "$KIT/solr/solr.xml" "$DATA/solr/"
    cp "$KIT/solr/solrconfig.xml" "$conf/"
    cp "$("$VENV/bin/python" -c 'import importlib.util as u; print(u.find_spec("ckan").submodule_search_locations[0])')/config/solr/schema.xml" "$conf/"
    : >"$conf/protwords.txt"; : >"$conf/synonyms.txt"; : >"$conf/stopwords.txt"
    echo name=ckan >"$DATA/solr/ckan/core.properties"
    bg solr java -Xms64m -Xmx256m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 \
      -Dsolr.log.dir="$DATA/solr/logs" -cp "$SOLR/classes:$SOLR/lib/*" \
      SolrLaunch "$DATA/solr" "$SOLR_PORT"
  fi
  wait_http solr "http://127.0.0.1:$SOLR_PORT/solr/ckan/select?q=*:*" 60

  # CKAN
  local ckan=("$VENV/bin/ckan" -c "$INI")
  if [ ! -s "$DATA/token" ]; then
    say "first start: database, administrator, token"
    psql -q -h 127.0.0.1 -p "$PG_PORT" -U postgres -v ON_ERROR_STOP=1 \
      -c "DROP DATABASE IF EXISTS ckan" -c "DROP ROLE IF EXISTS ckan" \
      -c "CREATE ROLE ckan LOGIN" -c "CREATE DATABASE ckan OWNER ckan ENCODING 'UTF8'" 2>/dev/null
    rm -f "$INI"
    "$VENV/bin/ckan" generate config "$INI" >/dev/null     # makes the SECRET_KEY
    "$VENV/bin/ckan" config-tool "$INI" \
      "sqlalchemy.url=postgresql://ckan@127.0.0.1:$PG_PORT/ckan" \
      "solr_url=http://127.0.0.1:$SOLR_PORT/solr/ckan" \
      "ckan.redis.url=redis://127.0.0.1:$REDIS_PORT/0" \
      "ckan.site_url=$URL" "ckan.storage_path=$DATA/storage" \
      "ckan.max_resource_size=$MAX_MB" ckan.auth.user_create_organizations=false "ckan.plugins=$PLUGINS" >/dev/null
    "${ckan[@]}" db init >"$DATA/setup.log" 2>&1 || { cat "$DATA/setup.log" >&2; die "db init failed"; }
    local p; for p in $PLUGINS; do "${ckan[@]}" db upgrade -p "$p" >>"$DATA/setup.log" 2>&1 || true; done
    # One process for user + role + token: each 'ckan' command costs about 2 s.
    # umask: the token is for this user only.
    (umask 077
     "${ckan[@]}" user add admin email=admin@example.org \
       password="$("$VENV/bin/python" -c 'import secrets; print(secrets.token_urlsafe(18))')" >>"$DATA/setup.log" 2>&1
     "${ckan[@]}" sysadmin add admin >>"$DATA/setup.log" 2>&1
     "${ckan[@]}" user token add admin ci 2>>"$DATA/setup.log" | tail -1 | tr -d '[:space:]' >"$DATA/token.new")
    grep -qE '^[A-Za-z0-9_.-]{20,}$' "$DATA/token.new" || { cat "$DATA/setup.log" >&2; die "no token"; }
    mv "$DATA/token.new" "$DATA/token"
  fi
  if ! alive ckan; then
    free_port CKAN "$PORT"
    local opts=(--disable-reloader --threaded)
    case $VERSION in 2.10.*) ;; *) opts+=(--disable-debugger) ;; esac   # new in 2.11
    bg ckan "$VENV/bin/ckan" -c "$INI" run -H 127.0.0.1 -p "$PORT" "${opts[@]}"
  fi
  wait_http ckan "$URL/api/3/action/status_show" 60
  (umask 077; printf 'export CKAN_URL=%s\nexport CKAN_TOKEN=%s\n' "$URL" "$(cat "$DATA/token")" >"$RUN/ckan.env")
  say "CKAN $VERSION at $URL; settings in $RUN/ckan.env"
}

stop() {
  local n p
  for n in ckan solr redis; do
    if alive "$n"; then
      p=$(head -1 "$DATA/$n.pid"); kill "$p" 2>/dev/null || true
      for _ in $(seq 50); do kill -0 "$p" 2>/dev/null || break; sleep 0.1; done
      kill -9 "$p" 2>/dev/null || true
    fi
    rm -f "$DATA/$n.pid"
  done
  if [ -d "$DATA/pg/db" ]; then
    (cd / && pgdo "$(pgbin)/pg_ctl" -D "$DATA/pg/db" -m fast -w stop >/dev/null 2>&1) || true
  fi
}

editor() {
  local ckan=("$VENV/bin/ckan" -c "$INI")
  "${ckan[@]}" user add "$1" "email=$1@example.org" password="$("$VENV/bin/python" -c 'import secrets; print(secrets.token_urlsafe(18))')" >&2
  "${ckan[@]}" user token add "$1" test 2>/dev/null | tail -1 | tr -d '[:space:]'
}

case ${1:-} in
  install) install ;;
  start) start ;;
  stop) stop ;;
  reset) stop; rm -rf "$DATA" ;;
  installed) installed ;;
  editor) editor "$2" ;;
  *) sed -n '2,14p' "$0"; exit 2 ;;
esac
