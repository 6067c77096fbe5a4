"""Things that live in the kernel: maps, programs and links, each behind an object that owns its descriptor."""
