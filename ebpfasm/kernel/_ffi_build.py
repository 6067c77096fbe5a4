"""Declares the part of the kernel's bpf(2) ABI and the calls of libc that ebpfasm uses; writes ``_ffi.py`` from it.

Run ``python -m ebpfasm.kernel._ffi_build`` after a change; the result is committed, so that neither
cffi's parser nor a compiler is needed at run time (out-of-line ABI mode).

Each ``struct bpf_attr_*`` is one member of ``union bpf_attr`` under the kernel's field names. ABI mode
checks no layout, so a test compares every size and offset with the running kernel's BTF. The ``_hole``
members stand where the kernel writes ``__aligned_u64``: 32-bit x86 would align a plain 64-bit member to 4.
"""

from __future__ import annotations

CDEF = """
long syscall(long number, long cmd, void *attr, unsigned long size);

int setns(int fd, int nstype);
int unshare(int flags);
int mount(const char *source, const char *target, const char *fstype, unsigned long flags, const void *data);
int umount2(const char *target, int flags);

struct bpf_attr_map_create {
    uint32_t map_type;
    uint32_t key_size;
    uint32_t value_size;
    uint32_t max_entries;
    uint32_t map_flags;
    uint32_t inner_map_fd;
    uint32_t numa_node;
    char map_name[16];
    uint32_t map_ifindex;
    uint32_t btf_fd;
    uint32_t btf_key_type_id;
    uint32_t btf_value_type_id;
    uint32_t btf_vmlinux_value_type_id;
    uint64_t map_extra;
    int32_t value_type_btf_obj_fd;
    int32_t map_token_fd;
};

struct bpf_attr_elem {
    uint32_t map_fd;
    uint32_t _hole;
    uint64_t key;
    union {
        uint64_t value;
        uint64_t next_key;
    };
    uint64_t flags;
};

struct bpf_attr_batch {
    uint64_t in_batch;
    uint64_t out_batch;
    uint64_t keys;
    uint64_t values;
    uint32_t count;
    uint32_t map_fd;
    uint64_t elem_flags;
    uint64_t flags;
};

struct bpf_attr_prog_load {
    uint32_t prog_type;
    uint32_t insn_cnt;
    uint64_t insns;
    uint64_t license;
    uint32_t log_level;
    uint32_t log_size;
    uint64_t log_buf;
    uint32_t kern_version;
    uint32_t prog_flags;
    char prog_name[16];
    uint32_t prog_ifindex;
    uint32_t expected_attach_type;
    uint32_t prog_btf_fd;
    uint32_t func_info_rec_size;
    uint64_t func_info;
    uint32_t func_info_cnt;
    uint32_t line_info_rec_size;
    uint64_t line_info;
    uint32_t line_info_cnt;
    uint32_t attach_btf_id;
    union {
        uint32_t attach_prog_fd;
        uint32_t attach_btf_obj_fd;
    };
    uint32_t core_relo_cnt;
    uint64_t fd_array;
    uint64_t core_relos;
    uint32_t core_relo_rec_size;
    uint32_t log_true_size;
    int32_t prog_token_fd;
    uint32_t fd_array_cnt;
};

struct bpf_attr_obj {
    uint64_t pathname;
    uint32_t bpf_fd;
    uint32_t file_flags;
    int32_t path_fd;
};

struct bpf_attr_test {
    uint32_t prog_fd;
    uint32_t retval;
    uint32_t data_size_in;
    uint32_t data_size_out;
    uint64_t data_in;
    uint64_t data_out;
    uint32_t repeat;
    uint32_t duration;
    uint32_t ctx_size_in;
    uint32_t ctx_size_out;
    uint64_t ctx_in;
    uint64_t ctx_out;
    uint32_t flags;
    uint32_t cpu;
    uint32_t batch_size;
};

struct bpf_attr_id {
    union {
        uint32_t start_id;
        uint32_t prog_id;
        uint32_t map_id;
        uint32_t btf_id;
        uint32_t link_id;
    };
    uint32_t next_id;
    uint32_t open_flags;
};

struct bpf_attr_info {
    uint32_t bpf_fd;
    uint32_t info_len;
    uint64_t info;
};

struct bpf_attr_query {
    union {
        uint32_t target_fd;
        uint32_t target_ifindex;
    };
    uint32_t attach_type;
    uint32_t query_flags;
    uint32_t attach_flags;
    uint64_t prog_ids;
    union {
        uint32_t prog_cnt;
        uint32_t count;
    };
    uint32_t _hole;
    uint64_t prog_attach_flags;
    uint64_t link_ids;
    uint64_t link_attach_flags;
    uint64_t revision;
};

struct bpf_attr_link_create {
    union {
        uint32_t prog_fd;
        uint32_t map_fd;
    };
    union {
        uint32_t target_fd;
        uint32_t target_ifindex;
    };
    uint32_t attach_type;
    uint32_t flags;
    struct {
        union {
            uint32_t relative_fd;
            uint32_t relative_id;
        };
        uint64_t expected_revision;
    } tcx;
};

struct bpf_attr_link_update {
    uint32_t link_fd;
    union {
        uint32_t new_prog_fd;
        uint32_t new_map_fd;
    };
    uint32_t flags;
    union {
        uint32_t old_prog_fd;
        uint32_t old_map_fd;
    };
};

struct bpf_attr_link_detach {
    uint32_t link_fd;
};

struct bpf_map_info {
    uint32_t type;
    uint32_t id;
    uint32_t key_size;
    uint32_t value_size;
    uint32_t max_entries;
    uint32_t map_flags;
    char name[16];
    uint32_t ifindex;
    uint32_t btf_vmlinux_value_type_id;
    uint64_t netns_dev;
    uint64_t netns_ino;
    uint32_t btf_id;
    uint32_t btf_key_type_id;
    uint32_t btf_value_type_id;
    uint32_t btf_vmlinux_id;
    uint64_t map_extra;
};

struct bpf_prog_info {
    uint32_t type;
    uint32_t id;
    uint8_t tag[8];
    uint32_t jited_prog_len;
    uint32_t xlated_prog_len;
    uint64_t jited_prog_insns;
    uint64_t xlated_prog_insns;
    uint64_t load_time;
    uint32_t created_by_uid;
    uint32_t nr_map_ids;
    uint64_t map_ids;
    char name[16];
    uint32_t ifindex;
    uint32_t gpl_compatible : 1;
    uint64_t netns_dev;
    uint64_t netns_ino;
    uint32_t nr_jited_ksyms;
    uint32_t nr_jited_func_lens;
    uint64_t jited_ksyms;
    uint64_t jited_func_lens;
    uint32_t btf_id;
    uint32_t func_info_rec_size;
    uint64_t func_info;
    uint32_t nr_func_info;
    uint32_t nr_line_info;
    uint64_t line_info;
    uint64_t jited_line_info;
    uint32_t nr_jited_line_info;
    uint32_t line_info_rec_size;
    uint32_t jited_line_info_rec_size;
    uint32_t nr_prog_tags;
    uint64_t prog_tags;
    uint64_t run_time_ns;
    uint64_t run_cnt;
    uint64_t recursion_misses;
    uint32_t verified_insns;
    uint32_t attach_btf_obj_id;
    uint32_t attach_btf_id;
};

struct bpf_link_info {
    uint32_t type;
    uint32_t id;
    uint32_t prog_id;
    uint32_t _hole;
    union {
        struct {
            uint64_t cgroup_id;
            uint32_t attach_type;
        } cgroup;
        struct {
            uint32_t netns_ino;
            uint32_t attach_type;
        } netns;
        struct {
            uint32_t ifindex;
        } xdp;
        struct {
            uint32_t ifindex;
            uint32_t attach_type;
        } tcx;
        struct {
            uint32_t ifindex;
            uint32_t attach_type;
        } netkit;
    };
};
"""


HEADER = """\
\"\"\"Generated by ``python -m ebpfasm.kernel._ffi_build``; do not edit.\"\"\"

# fmt: off
# ruff: noqa: E501
"""


def generate() -> str:
    """Return the text of ``_ffi.py``."""
    import os
    import tempfile

    import cffi

    builder = cffi.FFI()
    builder.cdef(CDEF)
    builder.set_source("ebpfasm.kernel._ffi", None)
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "_ffi.py")
        builder.emit_python_code(path)
        with open(path) as file:
            return HEADER + file.read()


if __name__ == "__main__":
    with open(__file__.replace("_ffi_build.py", "_ffi.py"), "w") as file:
        file.write(generate())
