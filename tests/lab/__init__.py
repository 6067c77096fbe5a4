"""The kernel lab: Debian's kernels under QEMU, with this checkout and its Python shared in; ``python -m tests.lab``.

See docs/lab.md. The parts, each knowing only those before it: `errors`; `cache`; `apt`, `suites` and `kernels` (where
kernels come from); `cpio`, `modules` and `initramfs` (what a guest starts with); `guest` (one boot, one command);
`counts` and `report` (what its pytest run says); `live` (all kernels at once); `__main__`.
"""
