"""Devices of each kind that are made here; those this kernel lacks are said to be lacking."""

from __future__ import annotations

import errno
from collections.abc import Callable

import pytest

from ebpfasm.errors import KernelError, KeyExists, NotSupported, OperandError
from ebpfasm.kernel import devices, link_info, netlink
from ebpfasm.kernel.interfaces import interfaces
from ebpfasm.kernel.netns import NetNS
from ebpfasm.kernel.refusal import ENOTSUPP

pytestmark = pytest.mark.needs_netns

MakeNetNS = Callable[[], str]


@pytest.fixture
def master(netns: MakeNetNS) -> tuple[str, int]:
    """Give a namespace with a veth end that is up, to put slaves on."""
    place = netns()
    index, peer = netlink.create_veth("m0", "x0", netns=place, peer_netns=place, mtu=1400)
    netlink.set_up(index, place)
    netlink.set_up(peer, place)
    return place, index


@pytest.mark.needs_ipvlan
@pytest.mark.parametrize("mode", devices.IPVLAN_MODES)
@pytest.mark.parametrize("flags", devices.IPVLAN_FLAGS)
def test_ipvlan(mode: str, flags: str, master: tuple[str, int], netns: MakeNetNS) -> None:
    host, index = master
    pod = netns()
    slave = devices.create_ipvlan("eth0", index, mode=mode, flags=flags, netns=pod, master_netns=host, mtu=1300)
    assert interfaces(pod) == {"lo": 1, "eth0": slave}
    assert "eth0" not in interfaces(host)
    about = link_info.link(slave, pod)
    assert (about.kind, about.mode, about.flags) == ("ipvlan", devices.IPVLAN_MODES[mode], devices.IPVLAN_FLAGS[flags])
    assert (about.mtu, about.up, about.lower) == (1300, False, index)
    with NetNS(host) as other:
        assert about.lower_netns_id == netlink.netns_id(other.fileno(), pod)
    assert about.mac == link_info.link(index, host).mac
    with pytest.raises(KeyExists, match=f"creating ipvlan slave 'eth0' .*{pod}.* of interface {index}"):
        devices.create_ipvlan("eth0", index, mode=mode, flags=flags, netns=pod, master_netns=host)


@pytest.mark.needs_ipvlan
def test_the_last_slave_changes_the_mode_of_all(master: tuple[str, int]) -> None:
    host, index = master
    first = devices.create_ipvlan("a", index, mode="l3", netns=host, master_netns=host)
    devices.create_ipvlan("b", index, mode="l2", flags="private", netns=host, master_netns=host)
    about = link_info.link(first, host)
    assert (about.mode, about.flags) == (devices.IPVLAN_MODES["l2"], devices.IPVLAN_FLAGS["private"])


@pytest.mark.needs_ipvlan
def test_a_missing_master(master: tuple[str, int], netns: MakeNetNS) -> None:
    pod = netns()
    with pytest.raises(KernelError, match=r"creating ipvlan slave 'eth0' .* of interface 99") as caught:
        devices.create_ipvlan("eth0", 99, netns=pod, master_netns=master[0])
    assert caught.value.errno == errno.ENODEV
    assert interfaces(pod) == {"lo": 1}


@pytest.mark.needs_netkit
@pytest.mark.parametrize("mode", devices.NETKIT_MODES)
def test_netkit(mode: str, netns: MakeNetNS) -> None:
    host, pod = netns(), netns()
    index, peer = devices.create_netkit("nk0", "eth0", netns=host, peer_netns=pod, mode=mode, mtu=1400)
    assert interfaces(host) == {"lo": 1, "nk0": index}
    assert interfaces(pod) == {"lo": 1, "eth0": peer}
    primary, other = link_info.link(index, host), link_info.link(peer, pod)
    assert (primary.kind, primary.primary, primary.mode) == ("netkit", True, devices.NETKIT_MODES[mode])
    assert (other.kind, other.primary, other.mtu) == ("netkit", False, 1400)


@pytest.mark.needs_dummy
def test_dummy(netns: MakeNetNS) -> None:
    place = netns()
    index = devices.create_dummy("d0", netns=place, mtu=1300, mac="02:00:00:00:00:01")
    about = link_info.link(index, place)
    assert (about.kind, about.mtu, about.mac, about.ethernet) == ("dummy", 1300, "02:00:00:00:00:01", True)


@pytest.mark.parametrize(
    ("create", "feature"),
    [
        (lambda place: devices.create_ipvlan("a", 1, netns=place, master_netns=place), "CONFIG_IPVLAN"),
        (lambda place: devices.create_netkit("a", "b", netns=place, peer_netns=place), "CONFIG_NETKIT"),
        (lambda place: devices.create_dummy("a", netns=place), "CONFIG_DUMMY"),
    ],
    ids=["ipvlan", "netkit", "dummy"],
)
def test_a_kernel_without_it(
    create: Callable[[str], object], feature: str, netns: MakeNetNS, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = netns()
    monkeypatch.setattr(devices, "_kind", lambda *_: {"attrs": [("IFLA_INFO_KIND", "nosuchkind")]})
    with pytest.raises(NotSupported) as caught:
        create(place)
    error = caught.value
    assert error.feature == feature
    assert f"the kernel must have {feature}" in str(error)
    assert error.since == ("6.7" if feature == "CONFIG_NETKIT" else "")
    assert interfaces(place) == {"lo": 1}


@pytest.mark.parametrize(
    "call",
    [
        lambda place: devices.create_ipvlan("", 1, netns=place, master_netns=place),
        lambda place: devices.create_ipvlan("x" * 16, 1, netns=place, master_netns=place),
        lambda place: devices.create_ipvlan("é" * 8, 1, netns=place, master_netns=place),
        lambda place: devices.create_ipvlan("a/b", 1, netns=place, master_netns=place),
        lambda place: devices.create_ipvlan("a b", 1, netns=place, master_netns=place),
        lambda place: devices.create_ipvlan("a:b", 1, netns=place, master_netns=place),
        lambda place: devices.create_ipvlan("a%d", 1, netns=place, master_netns=place),
        lambda place: devices.create_ipvlan("..", 1, netns=place, master_netns=place),
        lambda place: devices.create_ipvlan(7, 1, netns=place, master_netns=place),  # type: ignore[arg-type]
        lambda place: devices.create_ipvlan("a", 0, netns=place, master_netns=place),
        lambda place: devices.create_ipvlan("a", 1, mode="l4", netns=place, master_netns=place),
        lambda place: devices.create_ipvlan("a", 1, mode=2, netns=place, master_netns=place),  # type: ignore[arg-type]
        lambda place: devices.create_ipvlan("a", 1, flags="", netns=place, master_netns=place),
        lambda place: devices.create_ipvlan("a", 1, mtu=0, netns=place, master_netns=place),
        lambda place: devices.create_netkit("a", "", netns=place, peer_netns=place),
        lambda place: devices.create_netkit("a", "b", mode="l3s", netns=place, peer_netns=place),
        lambda place: devices.create_netkit("a", "b", policy="next", netns=place, peer_netns=place),
        lambda place: devices.create_dummy("a", netns=place, mac="2:0:0:0:0:1"),
        lambda place: devices.create_veth("a", "b%d", netns=place, peer_netns=place),
    ],
)
def test_arguments_that_can_mean_nothing(netns: MakeNetNS, call: Callable[[str], object]) -> None:
    place = netns()
    with pytest.raises(OperandError):
        call(place)
    assert interfaces(place) == {"lo": 1}


@pytest.mark.needs_vxlan
def test_vxlan_in_metadata_mode(netns: MakeNetNS) -> None:
    place = netns()
    index = devices.create_vxlan("vx0", port=4790, mtu=1450, mac="02:00:00:00:00:0a", netns=place)
    about = link_info.link_named("vx0", place)
    assert (about.ifindex, about.kind, about.metadata, about.port) == (index, "vxlan", True, 4790)
    assert (about.mtu, about.mac, about.up) == (1450, "02:00:00:00:00:0a", False)
    usual = devices.create_vxlan("vx1", netns=place)
    assert link_info.link(usual, place).port == 4789
    netlink.set_up(index, place)
    netlink.set_up(usual, place)


@pytest.mark.needs_vxlan
def test_vxlan_devices_that_cannot_be(netns: MakeNetNS) -> None:
    place = netns()
    devices.create_vxlan("vx0", netns=place)
    with pytest.raises(KeyExists, match=r"creating vxlan device 'vx1' .* UDP port 4789 .*VNI already exists"):
        devices.create_vxlan("vx1", netns=place)
    with pytest.raises(KeyExists, match="creating vxlan device 'vx0'"):
        devices.create_vxlan("vx0", port=4790, netns=place)
    for port in (0, 65536, True, "4789"):
        with pytest.raises(OperandError, match=r"port must be in 1\.\.65535"):
            devices.create_vxlan("vx1", port=port, netns=place)  # type: ignore[arg-type]
    with pytest.raises(KernelError, match=r"EINVAL.*MTU"):
        devices.create_vxlan("vx1", port=4790, mtu=67, netns=place)
    with pytest.raises(OperandError, match=r"create_vxlan: an interface's name must have 1\.\.15 bytes, not 16"):
        devices.create_vxlan("x" * 16, netns=place)
    assert list(interfaces(place)) == ["lo", "vx0"]


def test_nothing_is_left_where_its_index_cannot_be_told(netns: MakeNetNS, monkeypatch: pytest.MonkeyPatch) -> None:
    near, far = netns(), netns()
    for failing in ("a", "b"):

        def refuse(name: str, place: object, failing: str = failing) -> int:
            if name == failing:
                raise KernelError(errno.EMFILE, "injected")
            return 7

        with monkeypatch.context() as broken:
            broken.setattr(devices, "index_of", refuse)
            with pytest.raises(KernelError, match="injected"):
                devices.create_veth("a", "b", netns=near, peer_netns=far)
        assert interfaces(near) == interfaces(far) == {"lo": 1}


def test_ipvlan_without_mode_l3s(netns: MakeNetNS, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise NotSupported(ENOTSUPP, "injected", command="RTM_NEWLINK", feature="CONFIG_IPVLAN")

    place = netns()
    monkeypatch.setattr(devices, "ask", refuse)
    with pytest.raises(NotSupported, match="the kernel must have CONFIG_IPVLAN_L3S") as caught:
        devices.create_ipvlan("a", 1, mode="l3s", netns=place, master_netns=place)
    assert caught.value.feature == "CONFIG_IPVLAN_L3S"
