"""Links, addresses and routes: what the kernel then does with packets' addresses, and every refusal."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from ipaddress import ip_address, ip_interface, ip_network

import pytest

from ebpfasm.errors import KernelError, KeyExists, NotSupported, OperandError
from ebpfasm.kernel import netlink, sysctl
from ebpfasm.kernel.interfaces import ifindex, interfaces
from ebpfasm.kernel.netns import NetNS, run_in
from tests.net import Veth, own_namespace, refusal_as_nobody

pytestmark = pytest.mark.needs_netns

MakeNetNS = Callable[[], str]


@pytest.fixture(autouse=True)
def _nothing_stays_open() -> Iterator[None]:
    """After every test, its thread is where it was, and no thread or descriptor is left."""
    before, threads, files = own_namespace(), threading.active_count(), set(os.listdir("/proc/self/fd"))
    yield
    assert own_namespace() == before
    assert threading.active_count() == threads
    assert set(os.listdir("/proc/self/fd")) == files


def source_address(destination: str) -> str:
    """Return which of its addresses this namespace would send from; asks the routing table, sends nothing."""
    family = socket.AF_INET6 if ":" in destination else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.connect((destination, 9))
        return str(sock.getsockname()[0])


def attribute(name: str, what: str) -> str:
    """Return an attribute of an interface; asked by ioctl, since sysfs shows the namespace of its mount."""
    import fcntl
    import struct

    requests = {"mtu": 0x8921, "mac": 0x8927, "flags": 0x8913}  # SIOCGIFMTU, SIOCGIFHWADDR, SIOCGIFFLAGS
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        answer = fcntl.ioctl(sock, requests[what], struct.pack("16s24x", name.encode()))
    if what == "mac":
        return answer[18:24].hex(":")
    return str(struct.unpack_from("=i" if what == "mtu" else "=H", answer, 16)[0])


def is_up(name: str, place: str) -> bool:
    return bool(int(run_in(place, attribute, name, "flags")) & 1)  # IFF_UP


def test_veth_has_each_end_in_its_namespace(netns: MakeNetNS) -> None:
    near, far = netns(), netns()
    here = interfaces()
    index, peer_index = netlink.create_veth(
        "eth0",
        "host0",
        netns=near,
        peer_netns=far,
        mtu=1400,
        mac="02:00:00:00:00:01",
        peer_mac="02:00:00:00:00:0A",
    )
    assert interfaces(near) == {"lo": 1, "eth0": index}
    assert interfaces(far) == {"lo": 1, "host0": peer_index}
    assert interfaces() == here
    assert run_in(near, attribute, "eth0", "mtu") == run_in(far, attribute, "host0", "mtu") == "1400"
    assert run_in(near, attribute, "eth0", "mac") == "02:00:00:00:00:01"
    assert run_in(far, attribute, "host0", "mac") == "02:00:00:00:00:0a"
    assert not is_up("eth0", near)
    assert not is_up("host0", far)


def test_veth_within_one_namespace(netns: MakeNetNS) -> None:
    name = netns()
    index, peer_index = netlink.create_veth("a", "b", netns=name, peer_netns=name)
    assert interfaces(name) == {"lo": 1, "a": index, "b": peer_index}


def test_veth_whose_name_is_taken_is_not_made(veth: Veth) -> None:
    for name, peer in (("eth0", "new"), ("new", "eth0")):
        with pytest.raises(KeyExists, match=f"creating veth pair '{name}' and '{peer}' .*{veth.netns}"):
            netlink.create_veth(name, peer, netns=veth.netns, peer_netns=veth.peer_netns)
    assert interfaces(veth.netns) == {"lo": 1, "eth0": veth.index}
    assert interfaces(veth.peer_netns) == {"lo": 1, "eth0": veth.peer_index}


def test_deleting_one_end_deletes_both(veth: Veth) -> None:
    netlink.delete_link(veth.index, veth.netns)
    assert "eth0" not in interfaces(veth.netns)
    assert "eth0" not in interfaces(veth.peer_netns)


def test_up_and_down(veth: Veth) -> None:
    assert is_up("eth0", veth.netns)
    netlink.set_down(veth.index, veth.netns)
    assert not is_up("eth0", veth.netns)
    netlink.set_up(veth.index, veth.netns)
    assert is_up("eth0", veth.netns)


@pytest.mark.parametrize(
    ("address", "neighbour", "destination", "network", "default"),
    [
        ("10.1.0.1/24", "10.1.0.2", "10.2.3.4", "10.2.0.0/16", "0.0.0.0/0"),
        ("fd00:1::1/64", "fd00:1::2", "fd00:2::4", "fd00:2::/32", "::/0"),
    ],
)
def test_addresses_and_routes(
    veth: Veth, address: str, neighbour: str, destination: str, network: str, default: str
) -> None:
    place, own = veth.netns, address.partition("/")[0]
    with pytest.raises(OSError, match="unreachable"):
        run_in(place, source_address, destination)
    netlink.add_address(veth.index, address, place)
    assert run_in(place, source_address, neighbour) == own
    with pytest.raises(KeyExists, match=f"adding address {address} to interface {veth.index} in .*{place}"):
        netlink.add_address(veth.index, address, place)
    netlink.add_route(network, via=neighbour, netns=place)
    assert run_in(place, source_address, destination) == own
    netlink.add_route(default, via=neighbour, index=veth.index, netns=place)
    with pytest.raises(KeyExists, match=f"adding route {network} via {neighbour} in"):
        netlink.add_route(network, via=neighbour, netns=place)


def test_route_by_an_interface_alone(veth: Veth) -> None:
    netlink.add_route("10.9.0.0/16", index=veth.index, netns=veth.netns)
    assert run_in(veth.netns, source_address, "10.9.1.1") == veth.address


def test_refusal_carries_the_kernels_own_explanation(veth: Veth) -> None:
    with pytest.raises(KernelError, match=r"\(ENETUNREACH\): Nexthop has invalid gateway") as caught:
        netlink.add_route("10.5.0.0/16", via="192.168.200.1", netns=veth.netns)
    assert caught.value.errno == errno.ENETUNREACH
    assert caught.value.command == "RTM_NEWROUTE"


@pytest.mark.parametrize(
    "function",
    [
        netlink.delete_link,
        netlink.set_up,
        netlink.set_down,
        lambda index, place: netlink.add_address(index, "10.1.0.1/24", place),
    ],
)
def test_missing_interface(veth: Veth, function: Callable[[int, str], None]) -> None:
    with pytest.raises(KernelError, match=f"9999.*in network namespace '{veth.netns}'.*there is 'lo'") as caught:
        function(9999, veth.netns)
    assert caught.value.errno == errno.ENODEV


@pytest.mark.parametrize(
    "call",
    [
        lambda place: netlink.create_veth("", "b", netns=place, peer_netns=place),
        lambda place: netlink.create_veth("a", "x" * 16, netns=place, peer_netns=place),
        lambda place: netlink.create_veth("a", "b", netns=place, peer_netns=place, mtu=0),
        lambda place: netlink.create_veth("a", "b", netns=place, peer_netns=place, mac="02:00"),
        lambda place: netlink.create_veth("a", "b", netns=place, peer_netns=place, peer_mac="02:00:00:00:00:zz"),
        lambda place: netlink.set_up(0, place),
        lambda place: netlink.set_up(1 << 31, place),
        lambda place: netlink.set_up(True, place),
        lambda place: netlink.add_address(1, "10.0.0.256/8", place),
        lambda place: netlink.add_route("10.0.0.1/8", index=1, netns=place),
        lambda place: netlink.add_route("10.0.0.0/8", via="here", netns=place),
        lambda place: netlink.add_route("10.0.0.0/8", netns=place),
        lambda place: netlink.add_route("10.0.0.0/8", index=1, source="10.0.0.1/8", netns=place),
        lambda place: netlink.set_mtu(1, 0, place),
        lambda place: netlink.set_link(1, place, rp_filter=3),
        lambda place: netlink.set_link(1, place, mac="02:00"),
        lambda place: netlink.add_neighbour(1, "10.0.0.1", "02:00", place),
    ],
)
def test_arguments_that_can_mean_nothing(netns: MakeNetNS, call: Callable[[str], object]) -> None:
    name = netns()
    with pytest.raises(OperandError):
        call(name)
    assert interfaces(name) == {"lo": 1}


def test_missing_namespace() -> None:
    with pytest.raises(KernelError, match="no network namespace 'nowhere'"):
        netlink.set_up(1, "nowhere")
    with pytest.raises(KernelError, match="no network namespace 'nowhere'"):
        netlink.create_veth("a", "b", netns="nowhere", peer_netns="nowhere")


def test_a_kernel_without_veth(netns: MakeNetNS, monkeypatch: pytest.MonkeyPatch) -> None:
    name = netns()

    def no_veth(route: object) -> None:
        route.link("add", kind="nosuchkind", ifname="a")  # type: ignore[attr-defined]

    with pytest.raises(NotSupported, match="CONFIG_VETH") as caught:
        netlink.ask(name, "RTM_NEWLINK", "creating a", no_veth, needs="CONFIG_VETH")
    assert caught.value.feature == "CONFIG_VETH"


def test_without_privilege(veth: Veth) -> None:
    with NetNS(veth.netns) as place:
        netlink.set_up(veth.index, place)  # imports what the child must have
        refusal = refusal_as_nobody(lambda: netlink.set_up(veth.index), inside=place)
    assert refusal.startswith("PermissionDenied: ")
    assert "it needs CAP_NET_ADMIN" in refusal


def test_while_an_event_loop_runs(netns: MakeNetNS) -> None:
    name = netns()

    async def inside_a_loop() -> None:
        netlink.create_veth("a", "b", netns=name, peer_netns=name)
        run_in(name, netlink.set_up, ifindex("a", name))

    asyncio.run(inside_a_loop())
    assert is_up("a", name)


def test_an_interrupt_does_not_cut_it_short(netns: MakeNetNS) -> None:
    name = netns()
    netlink.create_veth("a", "b", netns=name, peer_netns=name)

    def interrupted(route: object) -> None:
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        route.link("set", index=ifindex("a"), state="up")  # type: ignore[attr-defined]

    with pytest.raises(KeyboardInterrupt):
        netlink.ask(name, "RTM_SETLINK", "bringing a up", interrupted)
    assert is_up("a", name)


def test_two_namespaces_at_once(netns: MakeNetNS) -> None:
    failures: list[BaseException] = []

    def build(name: str) -> None:
        try:
            for number in range(5):
                netlink.create_veth(f"a{number}", f"b{number}", netns=name, peer_netns=name)
                netlink.set_up(ifindex(f"a{number}", name), name)
        except BaseException as error:  # a thread's own failure would be lost
            failures.append(error)

    places = [netns(), netns()]
    threads = [threading.Thread(target=build, args=(name,)) for name in places]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    for name in places:
        assert sorted(interfaces(name)) == sorted(["lo", *(f"{end}{number}" for end in "ab" for number in range(5))])


def test_no_socket_to_talk_through(netns: MakeNetNS, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_socket(**_: object) -> None:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    name = netns()
    monkeypatch.setattr("pyroute2.IPRoute", no_socket)
    with pytest.raises(
        KernelError, match=rf"bringing interface 1 up: .*{name}.*Too many open files \(EMFILE\)"
    ) as caught:
        netlink.set_up(1, name)
    assert caught.value.errno == errno.EMFILE


@pytest.mark.parametrize(
    ("address", "network", "gateway"),
    [("10.3.0.1/24", "10.4.0.0/16", "10.3.0.2"), ("fd03::1/64", "fd04::/32", "fd03::2")],
)
def test_what_is_added_is_listed_and_removed(veth: Veth, address: str, network: str, gateway: str) -> None:
    place, index = veth.netns, veth.index
    whole, direct = ip_network(network), ip_network(gateway)

    def listed() -> tuple[set[str], set[netlink.Route]]:
        here = {str(one) for _, one in netlink.addresses(index, place) if not one.is_link_local}
        return here, {one for one in netlink.routes(place) if one.destination in {whole, direct}}

    assert listed() == ({f"{veth.address}/24"}, set())
    netlink.add_address(index, address, place, prefix_route=False)
    assert ip_interface(address).network not in {one.destination for one in netlink.routes(place)}
    netlink.add_route(direct, index=index, netns=place)
    netlink.add_route(whole, via=gateway, source=address.partition("/")[0], netns=place)
    there, routes = listed()
    assert there == {f"{veth.address}/24", address}
    assert {(one.destination, one.via, one.ifindex) for one in routes} == {
        (direct, None, index),
        (whole, ip_address(gateway), index),
    }
    netlink.delete_route(whole, netns=place)
    netlink.delete_route(direct, index=index, netns=place)
    netlink.remove_address(index, address, place)
    assert listed() == ({f"{veth.address}/24"}, set())
    for again in (
        lambda: netlink.delete_route(whole, netns=place),
        lambda: netlink.remove_address(index, address, place),
    ):
        with pytest.raises(KernelError) as caught:
            again()
        assert caught.value.errno in {errno.ESRCH, errno.EADDRNOTAVAIL}


def test_a_route_by_a_gateway_that_no_route_leads_to(veth: Veth) -> None:
    netlink.add_route("0.0.0.0/0", via="169.254.1.1", index=veth.index, onlink=True, netns=veth.netns)
    assert run_in(veth.netns, source_address, "10.9.1.1") == veth.address


@pytest.mark.parametrize("address", ["10.0.0.77", "fe80::77"])
def test_neighbours(veth: Veth, address: str) -> None:
    place, index = veth.netns, veth.index

    def known() -> list[str]:
        found = netlink.ask(place, "RTM_GETNEIGH", "listing neighbours", lambda route: list(route.neigh("dump")))
        return [one.get_attr("NDA_LLADDR") for one in found if one.get_attr("NDA_DST") == address]

    netlink.add_neighbour(index, address, "02:00:00:00:00:77", place)
    netlink.add_neighbour(index, address, "02:00:00:00:00:78", place)
    assert known() == ["02:00:00:00:00:78"]
    netlink.delete_neighbour(index, address, place)
    assert known() == []
    with pytest.raises(KernelError, match=f"deleting neighbour {address}"):
        netlink.delete_neighbour(index, address, place)


def test_several_settings_at_once(veth: Veth) -> None:
    place, index = veth.netns, veth.index
    netlink.set_link(index, place, up=False, mtu=1300, mac="02:00:00:00:00:07", rp_filter=2, forwarding=True)
    assert not is_up("eth0", place)
    assert run_in(place, attribute, "eth0", "mtu") == "1300"
    assert run_in(place, attribute, "eth0", "mac") == "02:00:00:00:00:07"
    settings = ("ipv4", "conf", "eth0")
    assert [sysctl.read((*settings, name), place) for name in ("rp_filter", "forwarding")] == [2, 1]
    netlink.set_link(index, place, rp_filter=0, forwarding=False)
    assert [sysctl.read((*settings, name), place) for name in ("rp_filter", "forwarding")] == [0, 0]
    with pytest.raises(KernelError, match=r"setting the mtu of interface .* to 65536 and bringing it up in") as caught:
        netlink.set_link(index, place, up=True, mtu=65536)
    assert caught.value.errno == errno.EINVAL
    assert not is_up("eth0", place)
