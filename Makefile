# Every target makes what it needs on first use: with Python >= 3.11 and make, `make demo` and `make test` work in a fresh clone.
#
#   PYTHON=/path/to/python3.12   the interpreter for a new virtual environment (else the first fit of python3, python3.13, …)
#   VENV=/path/to/venv           where the virtual environment lives
#   COUNT=100000 SEED=20000      how many programs `make differential` makes, and the seed of the first
#   LAB_KERNELS="6.1 7.3" LAB_ARGS="-k ipvlan" LAB_MEMORY=1024 LAB_TIMEOUT_S=3600
#                                for `make lab`: the kernels, more for pytest, MiB and seconds that each kernel gets

VENV ?= .venv
PYTHON ?=

.DEFAULT_GOAL := help
.PHONY: help demo test lab demo-lab lint docs bench differential clean
# A half-made stamp must not count as made.
.DELETE_ON_ERROR:

help:  ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

demo: $(VENV)/.installed  ## swap a pod's datapath live, under traffic (in network namespaces as root, else in the vm)
	$(VENV)/bin/python -m ebpfasm demo

test: $(VENV)/.installed-test  ## run the tests; those that need the kernel skip, with the reason, where it is out of reach
	$(VENV)/bin/python -m pytest $(PYTEST_ARGS)

LAB_KERNELS ?= 6.1 6.12
LAB_MEMORY ?= 1024
LAB_TIMEOUT_S ?= 3600

lab: $(VENV)/.installed-test  ## run the live tests on other kernels, under QEMU (LAB_KERNELS="6.1 6.12" LAB_ARGS="-k ipvlan")
	$(VENV)/bin/python -m tests.lab test --kernels "$(LAB_KERNELS)" --memory $(LAB_MEMORY) --timeout $(LAB_TIMEOUT_S) -- $(LAB_ARGS)

DEMO_ARGS ?= matrix

demo-lab: $(VENV)/.installed-test  ## who reaches whom among pods on IPVLAN, before and after a policy, live on Linux 6.12 under QEMU
	$(VENV)/bin/python -m tests.lab run 6.12 --terminal --memory $(LAB_MEMORY) -- python -m ebpfasm demo $(DEMO_ARGS)

lint: $(VENV)/.installed-lint  ## check style, formatting and types
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy -p ebpfasm -p tests.generate -p tests.bench -p tests.lab

docs: $(VENV)/.installed-docs  ## build docs/_build/html, every warning an error, and run the snippets
	$(VENV)/bin/sphinx-build -W --keep-going -q -b html docs docs/_build/html
	$(VENV)/bin/sphinx-build -W --keep-going -q -b doctest docs docs/_build/doctest

bench: $(VENV)/.installed-bench  ## measure, and print a table
	$(VENV)/bin/python -m tests.bench

COUNT ?= 20000
SEED ?= 0

differential: $(VENV)/.installed-test  ## run programs made by chance in the vm and in the kernel (COUNT=20000 SEED=0)
	$(VENV)/bin/python -m tests.vm.differential --count $(COUNT) --seed $(SEED)

clean:  ## remove what the other targets made, the virtual environment included
	rm -rf build dist docs/_build .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -not -path './.venv*' -prune -exec rm -rf {} +
	if [ -f $(VENV)/pyvenv.cfg ]; then rm -rf $(VENV); fi

$(VENV)/bin/python:
	@found=; \
	for python in $(or $(PYTHON),python3 python3.13 python3.12 python3.11); do \
	    if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then found=$$python; break; fi; \
	done; \
	if [ -z "$$found" ]; then \
	    echo "ebpfasm needs Python 3.11 or newer, and none of these is: $(or $(PYTHON),python3 python3.13 python3.12 python3.11)" >&2; \
	    echo "Name one with: make PYTHON=/path/to/python3.11 …" >&2; exit 1; \
	fi; \
	if ! "$$found" -c 'import ensurepip, venv' 2>/dev/null; then \
	    echo "$$found cannot make a virtual environment (no ensurepip); on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; \
	fi; \
	echo "$$found -m venv $(VENV)"; "$$found" -m venv $(VENV)

# Only what a user of the package needs.
$(VENV)/.installed: pyproject.toml | $(VENV)/bin/python
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --editable .
	@$(VENV)/bin/python -m compileall -q ebpfasm  # as a wheel's installation does: the first start is as quick as the next
	@touch $@

# With one of the dependency groups of pyproject.toml, which pip reads since 25.1.
$(VENV)/.installed-%: pyproject.toml | $(VENV)/bin/python
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --editable . --group $*
	@$(VENV)/bin/python -m compileall -q ebpfasm
	@touch $@ $(VENV)/.installed
