#!/usr/bin/env bash
# Installs m365-restrict on a Linux server with systemd, or upgrades it, or takes it off again.
# Safe to run as often as you like: what is there already is kept, and settings are never written over.
set -euo pipefail

usage() {
    cat <<'TEXT'
Usage: sudo deploy/systemd/install.sh [options]

Installs from the folder that this script came in. Run it again to upgrade.

  --with scheduler|timers     what starts the jobs: one service that lives, or a timer for each job
                              (default: as it is now, else the service)
  --reader-certificate FILE   PEM file with the reader's certificate and private key
  --writer-certificate FILE   the same for the writer; both or neither
  --python FILE               Python 3.11 or later with venv (default: the newest on the path)
  --wheels FOLDER             install packages from this folder, for servers that cannot reach PyPI
  --no-start                  install everything, start nothing
  --uninstall                 stop and remove program and units; keep settings, certificates and the ledger
  --purge                     with --uninstall: remove these too. The ledger is evidence: export it first.
  --root FOLDER               put everything below this folder and start nothing (a trial)
  --help                      this text

Exit codes: 0 done, 1 something failed (nothing is started), 64 mistyped option.
TEXT
}

say() { printf '%s\n' "$*"; }
fail() { printf 'install.sh: %s\n' "$*" >&2; exit 1; }
mistyped() { printf 'install.sh: %s (see --help)\n' "$*" >&2; exit 64; }

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
source_folder=$(cd -- "$here/../.." && pwd)
jobs=(enforce preferences drift reviews evidence retention)
with='' release='' root='' python='' wheels='' reader='' writer='' start=yes uninstall=no purge=no

while (($#)); do
    case $1 in
        --with | --root | --python | --wheels | --reader-certificate | --writer-certificate)
            (($# > 1)) || mistyped "$1 needs a value"
            case $1 in
                --with) with=$2 ;;
                --root) root=$2 ;;
                --python) python=$2 ;;
                --wheels) wheels=$2 ;;
                --reader-certificate) reader=$2 ;;
                --writer-certificate) writer=$2 ;;
            esac
            shift 2
            ;;
        --no-start) start=no && shift ;;
        --uninstall) uninstall=yes && shift ;;
        --purge) purge=yes && shift ;;
        --help | -h) usage && exit 0 ;;
        *) mistyped "$1 is not an option" ;;
    esac
done
[[ -z $with || $with == scheduler || $with == timers ]] || mistyped "--with is scheduler or timers, not $with"
if [[ -n $reader && -z $writer ]] || [[ -z $reader && -n $writer ]]; then
    mistyped '--reader-certificate and --writer-certificate go together'
fi
[[ $purge == no || $uninstall == yes ]] || mistyped '--purge goes with --uninstall'

live=no
[[ -z $root ]] && live=yes
[[ $live == no || $EUID -eq 0 ]] || fail 'it writes to /opt and /etc: run it with sudo'

program=$root/opt/m365-restrict
settings=$root/etc/m365-restrict
state=$root/var/lib/m365-restrict
units=$root/etc/systemd/system
timers=("${jobs[@]/#/m365-restrict-}")
timers=("${timers[@]/%/.timer}")

if [[ -z $with ]]; then
    with=scheduler
    if [[ -L $units/timers.target.wants/${timers[0]} ]]; then with=timers; fi
fi

systemd() { [[ $live == no ]] || systemctl "$@"; }

stop_all() {
    [[ $live == yes ]] || return 0
    systemctl disable --now m365-restrict.service "${timers[@]}" >/dev/null 2>&1 || true
    # A job that a timer began is let finish: a half-made run is taken up again, but there is no need for one.
    for job in "${jobs[@]}"; do systemctl stop "m365-restrict@$job.service" >/dev/null 2>&1 || true; done
}

remove() {
    stop_all
    rm -f -- "$units/m365-restrict.service" "$units/m365-restrict@.service" "${timers[@]/#/$units/}"
    rm -rf -- "$units/m365-restrict.service.d" "$units/m365-restrict@.service.d" "$program"
    rm -f -- "$root/usr/local/sbin/m365-restrict" "$root/etc/sysusers.d/m365-restrict.conf" "$root/etc/tmpfiles.d/m365-restrict.conf"
    systemd daemon-reload
    if [[ $purge == yes ]]; then
        rm -rf -- "$settings" "$state"
        say 'Removed, with settings, certificates and the ledger. The account m365-restrict stays: userdel m365-restrict'
    else
        say "Removed. Kept: $settings and $state (--uninstall --purge removes them too)."
        say 'The rules in Exchange stay as they are. m365-restrict retire is what takes them away: do that first.'
    fi
}

find_python() {
    local candidate
    for candidate in ${python:-python3 python3.14 python3.13 python3.12 python3.11}; do
        if "$candidate" -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
            command -v -- "$candidate"
            return
        fi
    done
    fail 'no Python 3.11 or later with venv was found. Debian 12, Ubuntu 24.04: apt-get install python3 python3-venv.
    RHEL 9: dnf install python3.12. Or name one: --python /path/to/python3.12'
}

install_program() {
    local chosen pip
    chosen=$(find_python)
    release=$program/releases/$(date -u +%Y%m%dT%H%M%S)-$$
    say "Installing with $chosen into $release"
    install -d -m 0755 -- "$program" "$program/releases" "$release" "$release/source"
    trap 'rm -rf -- "$release"' ERR
    cp -R -- "$source_folder"/{pyproject.toml,README.md,LICENSE,requirements.txt,m365_restrict,jobs,settings} \
        "$release/source/"
    "$chosen" -m venv "$release/venv"
    pip=("$release/venv/bin/python" -m pip --disable-pip-version-check --quiet install)
    # Every package is the very file whose hash was reviewed; nothing else is fetched.
    "${pip[@]}" --require-hashes ${wheels:+--no-index --find-links "$wheels"} \
        --requirement "$release/source/requirements.txt"
    "${pip[@]}" --no-deps --no-build-isolation --no-index "$release/source"
    "$release/venv/bin/python" -m m365_restrict --version
    install -m 0755 -- "$here/install.sh" "$program/install.sh"
    trap - ERR
}

# The new program takes the old one's place only when it is whole; the one before it stays for a way back.
swap_program() {
    local before=''
    [[ ! -L $program/current ]] || before=$(readlink -- "$program/current")
    ln -sfn -- "releases/${release##*/}" "$program/current"
    [[ -z $before ]] || ln -sfn -- "$before" "$program/previous"
    local kept=" ${release##*/} ${before##*/} " folder
    for folder in "$program"/releases/*/; do
        folder=$(basename -- "$folder")
        [[ $kept == *" $folder "* ]] || rm -rf -- "$program/releases/$folder"
    done
}

install_settings() {
    install -d -m 0755 -- "$root/etc/sysusers.d" "$root/etc/tmpfiles.d" "$units"
    install -m 0644 -- "$here/sysusers.conf" "$root/etc/sysusers.d/m365-restrict.conf"
    install -m 0644 -- "$here/tmpfiles.conf" "$root/etc/tmpfiles.d/m365-restrict.conf"
    install -d -m 0750 -- "$settings"
    install -d -m 0700 -- "$settings/certificates"
    if [[ ! -e $settings/settings.env ]]; then
        install -m 0640 -- "$here/../settings.env.example" "$settings/settings.env"
        printf '\n# Where it remembers what it did; PostgreSQL where two servers share the work (docs/ledger.md).\n%s\n' \
            'M365_RESTRICT_LEDGER__URL=sqlite:////var/lib/m365-restrict/ledger.db' >>"$settings/settings.env"
    fi
    if [[ -n $reader ]]; then
        install -m 0600 -- "$reader" "$settings/certificates/reader.pem"
        install -m 0600 -- "$writer" "$settings/certificates/writer.pem"
    fi
    if [[ $live == yes ]]; then
        systemd-sysusers /etc/sysusers.d/m365-restrict.conf
        systemd-tmpfiles --create /etc/tmpfiles.d/m365-restrict.conf
    fi
}

install_units() {
    local unit
    install -m 0644 -- "$here"/m365-restrict.service "$here"/m365-restrict@.service "$here"/m365-restrict-*.timer "$units/"
    for unit in m365-restrict m365-restrict@; do
        if [[ -e $settings/certificates/reader.pem ]]; then
            install -d -m 0755 -- "$units/$unit.service.d"
            install -m 0644 -- "$here/certificates.conf" "$units/$unit.service.d/certificates.conf"
        fi
    done
    install -d -m 0755 -- "$root/usr/local/sbin"
    install -m 0755 -- "$here/m365-restrict" "$root/usr/local/sbin/m365-restrict"
    open_paths
    systemd daemon-reload
}

# ProtectSystem=strict leaves the services nothing to write but their own folder: what the settings name is added.
# A folder that is not there is passed over (the minus), and the job then says that it cannot use it.
open_paths() {
    local line path unit paths=()
    while IFS= read -r line; do
        path=${line#*=} path=${path%$'\r'}
        [[ $line != *__HEAD_FILE=* ]] || path=$(dirname -- "$path")
        paths+=("ReadWritePaths=\"-${path//%/%%}\"")
    done < <(grep -E '^M365_RESTRICT_(SCHEDULE__BACKUP_FOLDER|SCHEDULE__HEAD_FILE|SCRIPT__FOLDER)=/' \
        "$settings/settings.env" || true)
    for unit in m365-restrict m365-restrict@; do
        rm -f -- "$units/$unit.service.d/paths.conf"
        ((${#paths[@]})) || continue
        install -d -m 0755 -- "$units/$unit.service.d"
        printf '%s\n' '# Written by install.sh from settings.env.' '[Service]' "${paths[@]}" \
            >"$units/$unit.service.d/paths.conf"
        chmod 0644 "$units/$unit.service.d/paths.conf"
    done
}

start_all() {
    if [[ $start == no || $live == no ]]; then
        say "Nothing was started. Jobs are to be started by the $with."
    elif ! grep -q '^M365_RESTRICT_REGISTER__SITE=.' "$settings/settings.env"; then
        say "Nothing was started: fill in $settings/settings.env first, then run this again."
    elif [[ $with == scheduler ]]; then
        systemctl enable --now m365-restrict.service
    else
        systemctl enable --now "${timers[@]}"
    fi
}

if [[ $uninstall == yes ]]; then
    remove
    exit 0
fi
install_program
stop_all
swap_program
install_settings
install_units
start_all
say "Settings: $settings/settings.env    Ledger: $state    Log: journalctl -u 'm365-restrict*'"
say 'By hand: sudo m365-restrict VERB. What to do next is in deploy/README.md.'
