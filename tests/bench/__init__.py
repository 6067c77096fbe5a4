"""The benchmark: ``python -m tests.bench`` prints how fast ebpfasm is, compared with references on the same machine."""
