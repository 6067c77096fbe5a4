"""The bpf(2) ABI: one function per command, of bytes and ints; nothing here knows an instruction or an object."""
