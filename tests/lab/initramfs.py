"""What a guest starts with: busybox, the modules it needs, and a script that makes the host's root its own."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from pathlib import Path

from tests.lab.cpio import Archive
from tests.lab.modules import Modules

__all__ = ["COVERED", "MODULES", "initramfs"]

APPLETS = (
    "sh",
    "cat",
    "chroot",
    "hostname",
    "ifconfig",
    "insmod",
    "mkdir",
    "mount",
    "reboot",
    "setsid",
    "stty",
    "sync",
)

COVERED = ("/tmp", "/run", "/var/tmp")
"""Directories of the host that are the guest's own, and empty at its start."""

# fmt: off
MODULES = (
    "virtio_pci", "9pnet_virtio", "9p", "overlay",                                         # to come to the checkout
    "ipvlan", "veth", "netkit", "dummy", "macvlan", "vxlan", "geneve", "bridge", "tun", "ifb",
    "sch_ingress", "cls_bpf", "act_bpf", "cls_u32", "cls_matchall", "cls_flower", "act_mirred", "act_gact",
    "nf_tables", "nft_counter", "nft_ct", "nft_chain_nat", "nft_masq", "nft_reject_inet", "br_netfilter",
)
"""What is loaded, where it is a module: nothing in the guest loads modules when they are asked for."""
# fmt: on

INIT = """#!/bin/sh
export PATH=/bin
fail() {{ echo "lab: $*"; sync; reboot -f; }}
mount -t proc proc /proc && mount -t sysfs sysfs /sys && mount -t devtmpfs devtmpfs /dev || fail "no /proc, /sys, /dev"
for module in {modules}; do insmod /modules/$module.ko || fail "module $module does not load"; done

mount -t 9p -o trans=virtio,version=9p2000.L,ro,msize=262144,cache=loose hostroot /host || fail "no share of the root"
mount -t tmpfs tmpfs /upper
over() {{  # makes a directory of the host one that can be written to, without a trace on the host
    mkdir -p "/upper/$2/data" "/upper/$2/work" "/guest/$1"
    mount -t overlay -o "lowerdir=/host/$1,upperdir=/upper/$2/data,workdir=/upper/$2/work" overlay "/guest/$1" ||
        fail "no overlay for /$1"
}}
over "" 0
mount -t proc proc /guest/proc
mount -t sysfs sysfs /guest/sys
mount -t devtmpfs devtmpfs /guest/dev
mkdir -p /guest/dev/pts /guest/dev/shm
mount -t devpts devpts /guest/dev/pts
mount -t tmpfs tmpfs /guest/dev/shm
mount -t cgroup2 cgroup2 /guest/sys/fs/cgroup
mount -t bpf bpf /guest/sys/fs/bpf
mount -t debugfs debugfs /guest/sys/kernel/debug
mount -t tracefs tracefs /guest/sys/kernel/tracing
for directory in {covered}; do mkdir -p /guest/$directory; mount -t tmpfs tmpfs /guest/$directory; done
{shared}
mkdir -p /guest/lab
mount -t 9p -o trans=virtio,version=9p2000.L,msize=262144,cache=none lab /guest/lab || fail "no share of the work"

hostname lab
ifconfig lo up
ulimit -l unlimited  # what BPF objects take counts against it before Linux 5.11
if [ -e /guest/lab/terminal ]; then
    stty -F /dev/ttyS1 $(cat /guest/lab/terminal)
    setsid -c chroot /guest /bin/sh /lab/job </dev/ttyS1 >/dev/ttyS1 2>&1
else
    chroot /guest /bin/sh /lab/job </dev/null >/guest/lab/output 2>&1
fi
echo $? >/guest/lab/status
sync
reboot -f
"""


def initramfs(busybox: Path, modules: Modules, shared: Iterable[Path]) -> bytes:
    """Return the archive; ``shared`` are directories of the host that must be seen also if they are below `COVERED`."""
    archive = Archive()
    archive.add_file("bin/busybox", busybox.read_bytes(), executable=True)
    for applet in APPLETS:
        archive.add_link(f"bin/{applet}", "busybox")
    for directory in ("dev", "guest", "host", "proc", "sys", "upper"):
        archive.add_directory(directory)
    order = modules.in_order(MODULES)
    for name in order:
        archive.add_file(f"modules/{name}.ko", modules.content(name))
    hidden = sorted({path for path in shared if any(path.is_relative_to(covered) for covered in COVERED)})
    script = INIT.format(
        modules=" ".join(order),
        covered=" ".join(covered.lstrip("/") for covered in COVERED),
        shared="\n".join(f"over {shlex.quote(str(path).lstrip('/'))} {at}" for at, path in enumerate(hidden, 1)),
    )
    archive.add_file("init", script.encode(), executable=True)
    return archive.encode()
