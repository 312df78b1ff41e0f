# SPDX-License-Identifier: Apache-2.0

# Flags for what `make run`, `make bench`, `make fuzz`, `make sanitize`, `make test-kernels`, `make test-packages`, `make test-units`, `make test-cgroups`, `make test-faults`, `make soak`, `make coverage`, `make test-attack` and `make test-scenarios` start.
ARGS =
# Installs missing packages; `make INSTALL=true …` skips this step.
INSTALL = scripts/install-dependencies.sh

# The same bytes in any folder: the paths of sources in messages are relative, and no module contains a hash
# of the compiler's command line.
REPRODUCIBLE = -Xswiftc -file-prefix-map -Xswiftc '$(CURDIR)=.' -Xcc '-ffile-prefix-map=$(CURDIR)=.' -Xswiftc -Xfrontend -Xswiftc -disable-incremental-llvm-codegen
# `make build STRIP=` keeps the symbols.
STRIP = -Xlinker -s
# Linked by the toolchain's lld into a small file: no symbols, no symbols for others to link with, no tables
# for unwinding, and short relocations (glibc 2.36 and later).
SMALL = -Xswiftc -use-ld=lld $(STRIP) -Xlinker --no-export-dynamic -Xlinker --no-eh-frame-hdr -Xlinker -T'$(CURDIR)/scripts/release.ld' -Xlinker -z -Xlinker pack-relative-relocs
# Functions that are called after the start are beside each other, so that less code is resident (scripts/order-functions.sh).
ORDERED = -Xswiftc -Xfrontend -Xswiftc -function-sections -Xlinker --symbol-ordering-file='$(CURDIR)/scripts/hot-functions.txt' -Xlinker --no-warn-symbol-ordering
# One file that runs without Swift on the machine, and takes no library from its own folder.
RELEASE = swift build -c release --static-swift-stdlib --disable-local-rpath $(SMALL) $(ORDERED) $(REPRODUCIBLE) --product
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)

.PHONY: help run build test test-unit test-kernels test-scenarios test-fleet test-restarts test-faults soak coverage test-packages test-units test-cgroups test-release test-walk-through test-apiserver test-prometheus test-attack test-bare fuzz sanitize check format install install-files uninstall deb rpm image release manifests dashboards bench bench-check bench-build clean

help: ## lists the targets; durations are on two CPUs, without downloads
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 24

run: build ## builds the release (2 min) and runs it as root; ARGS=… are its flags
	@echo "When it listens, its log has the command that reads the metrics: msg=listening … command=…"
	$(SUDO) .build/release/pidns-exporter $(ARGS)

build: ## builds the release: .build/release/pidns-exporter (2 min)
	@$(INSTALL) build
	@echo 'Building the release: about two minutes on two CPUs, if nothing is built yet'
	$(RELEASE) pidns-exporter

test: ## runs all tests, those of the kernel and the faults as root (23 min)
	@$(INSTALL) build test
	@echo 'Running all tests: about 23 minutes on two CPUs'
	@scripts/test.sh

test-unit: ## runs the tests that need no root and no services (1 min after the build)
	@$(INSTALL) build test
	@scripts/test.sh unit

test-kernels: build ## runs the exporter on twelve other kernels, emulated (1 h, estimated); ARGS=… selects them, see --help
	$(RELEASE) pidns-workload
	$(RELEASE) pidns-console-check
	@echo 'Booting twelve other kernels: about an hour on two CPUs for all of them'
	@Tests/Acceptance/KernelMatrix/run.sh $(ARGS)

test-scenarios: build ## induces failures under a real Prometheus, as root, and checks the alerts (17 min); ARGS=… selects, see --help
	@$(INSTALL) test
	$(RELEASE) pidns-workload
	$(RELEASE) pidns-scenarios
	@echo 'Running the scenarios: about 17 minutes for all of them, because alerts have real durations'
	@$(SUDO) .build/release/pidns-scenarios $(ARGS)

test-fleet: build ## scrapes 50 exporters with one Prometheus, as root (8 min); ARGS=… sets the number, see --help
	@$(INSTALL) test test-fleet
	$(RELEASE) pidns-workload
	$(RELEASE) pidns-fleet
	@echo 'Running the fleet: about 8 minutes on two CPUs'
	@$(SUDO) unshare --net sh -c 'ip link set lo up && exec "$$@"' sh .build/release/pidns-fleet $(ARGS)

OTHER =
test-restarts: ## kills the exporter 200 times under load, and replaces its programs 20 times, as root (15 min after the build); OTHER=PROGRAM is another version to upgrade from and to
	@$(INSTALL) build test
	swift build --build-tests
	@echo 'Killing the exporter 200 times: about 15 minutes'
	$(SUDO) env NO_COLOR=1 PIDNS_KILLS=200 PIDNS_UPGRADES=20 PIDNS_OTHER='$(abspath $(OTHER))' $$(swift build --show-bin-path)/*PackageTests.xctest --testing-library swift-testing --no-parallel --filter KernelTests.Pins

test-faults: build ## causes faults around the exporter, as root, and checks its promises (10 min); ARGS=--quick takes 3 min, see --help
	@$(INSTALL) test-faults
	$(RELEASE) pidns-workload
	@echo 'Causing faults: about 10 minutes on two CPUs'
	@$(SUDO) unshare --net --pid --mount --mount-proc --fork --kill-child Tests/Acceptance/Faults/run.py .build/release/pidns-exporter .build/release/pidns-workload $(ARGS)

HOURS = 1
soak: build ## runs the exporter under changing load with restarts, as root (1 h); HOURS=n sets the hours
	@$(INSTALL) test-faults
	$(RELEASE) pidns-workload
	@echo 'Running for $(HOURS) hours'
	@$(SUDO) unshare --net --pid --mount --mount-proc --fork --kill-child Tests/Acceptance/Faults/soak.py .build/release/pidns-exporter .build/release/pidns-workload --hours=$(HOURS) $(ARGS)

coverage: ## measures the line coverage of each module, with the kernel tests as root (1 h, estimated); ARGS=unit leaves them out
	@$(INSTALL) build test
	@scripts/coverage.sh $(ARGS)

test-packages: deb ## tests the package and the service in machines of Debian 12 and 13, as root (20 min); ARGS=… selects parts, see Tests/Acceptance/Packages/run.sh
	@$(INSTALL) test-packages
	$(RELEASE) pidns-workload
	$(RELEASE) pidns-console-check
	@Tests/Acceptance/Packages/install-tree.sh
	@echo 'Testing the packages: about 20 minutes on two CPUs'
	@$(SUDO) Tests/Acceptance/Packages/run.sh $(ARGS)

test-units: deb ## counts services in machines of Debian 12 and 13 with systemd, as root (10 min); ARGS=trixie selects one
	@$(INSTALL) test-packages
	@echo 'Counting services: about 10 minutes on two CPUs'
	@$(SUDO) Tests/Acceptance/Units/run.sh $(ARGS)

test-cgroups: ## runs kernel tests of cgroups in machines of Debian 12 and 13 with systemd and cgroup v2, as root (15 min); ARGS=trixie selects one
	@$(INSTALL) build test-packages
	swift build --build-tests
	@echo 'Testing under systemd: about 15 minutes on two CPUs'
	@$(SUDO) Tests/Acceptance/SystemdCgroups/run.sh $(ARGS)

test-walk-through: ## runs the commands of docs/walk-through.md, as root, in a fresh clone of the last commit (8 min)
	@$(INSTALL) build test
	@echo 'Following the walk-through: about 8 minutes on two CPUs'
	$(SUDO) Tests/Acceptance/WalkThrough/walk.py

test-bare: ## runs make run, test, check, deb and test-packages in a bare Debian 12 and 13, as root (1 h each); ARGS=… selects
	@$(INSTALL) build test-packages
	@echo 'Testing in bare Debians: an hour or more for each on two CPUs'
	@$(SUDO) env "PATH=$$PATH" Tests/Acceptance/BareDebian/run.sh $(ARGS)

test-release: ## builds a release twice, as root, compares both, and uses each artefact (5 min)
	@$(INSTALL) build release test-release
	@echo 'Testing a release: about 5 minutes on two CPUs'
	@$(SUDO) Tests/Acceptance/Release/run.sh

test-apiserver: build ## tests the pod watch and tokens against a real kube-apiserver, as root (11 min, 20 the first time)
	@$(INSTALL) test-apiserver
	@Tests/Acceptance/KubeAPIServer/fetch.sh .build/apiserver
	@echo 'Testing against a real kube-apiserver: about 11 minutes, mostly real timeouts'
	@$(SUDO) unshare --net --mount Tests/Acceptance/KubeAPIServer/run.py .build/release/pidns-exporter .build/apiserver

test-prometheus: build ## tests what Prometheus of three Debian suites and VictoriaMetrics store of short-lived containers, as root (3 min)
	@$(INSTALL) test-prometheus
	$(RELEASE) pidns-workload
	@Tests/Acceptance/Prometheus/fetch.sh .build/engines
	@echo 'Scraping short-lived containers: about 3 minutes'
	@$(SUDO) unshare --net Tests/Acceptance/Prometheus/run.py .build/release/pidns-exporter .build/release/pidns-workload .build/engines

test-attack: build ## attacks the port with 10,000 connections of each kind, as root (140 min); ARGS=--seconds=20 takes 14 min, see --help
	@$(INSTALL) test-attack
	@echo 'Attacking: five minutes for each of 26 attacks, without ARGS=--seconds=…'
	@$(SUDO) unshare --net --pid --mount-proc --fork --kill-child Tests/Acceptance/Attack/run.py .build/release/pidns-exporter $(ARGS)

fuzz: ## fuzzes what reads bytes from outside (15 min, 1 min for each target); ARGS="TARGET --seconds=600" selects, see Tests/Fuzz
	@$(INSTALL) build
	@echo 'Building the targets, then fuzzing each for a minute, without ARGS=--seconds=…'
	@Tests/Fuzz/run.sh $(ARGS)

sanitize: ## runs unit and kernel tests with the address and thread sanitizers, those of the kernel as root (2 h, estimated); ARGS="thread unit" selects
	@$(INSTALL) build test
	@scripts/sanitize.sh $(ARGS)

check: ## checks formats, lints, licences, manifests, dashboards (2 min)
	@$(INSTALL) build check
	@scripts/check.sh

format: ## formats the sources as `make check` requires (seconds)
	@$(INSTALL) build check
	swift format --in-place --parallel --recursive $(wildcard Package.swift Plugins Sources Tests Benchmarks)
	find bpf Sources Tests $(wildcard Benchmarks) -name '*.[ch]' -exec clang-format -i {} +

# Installation directories; DESTDIR is a prefix for all of them.
DESTDIR =
PREFIX = /usr/local
UNITDIR = $(PREFIX)/lib/systemd/system
ZSHDIR = $(PREFIX)/share/zsh/site-functions
DOCUMENTS = $(PREFIX)/share/doc/prometheus-pidns-exporter

install: build ## installs the release with manual, completions and service (1 min): DESTDIR=…, PREFIX=…
	@$(MAKE) --no-print-directory install-files

# What is built already.
install-files:
	@scripts/generate-documentation.sh .build/release/pidns-exporter .build/documentation
	install -D -m 755 .build/release/pidns-exporter '$(DESTDIR)$(PREFIX)/bin/pidns-exporter'
	install -d '$(DESTDIR)$(PREFIX)/share/man/man1' '$(DESTDIR)$(UNITDIR)'
	install -m 644 .build/documentation/*.1 '$(DESTDIR)$(PREFIX)/share/man/man1/'
	install -D -m 644 .build/documentation/pidns-exporter.bash '$(DESTDIR)$(PREFIX)/share/bash-completion/completions/pidns-exporter'
	install -D -m 644 .build/documentation/pidns-exporter.zsh '$(DESTDIR)$(ZSHDIR)/_pidns-exporter'
	install -D -m 644 .build/documentation/pidns-exporter.fish '$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/pidns-exporter.fish'
	sed 's|/usr/bin/|$(PREFIX)/bin/|' deploy/systemd/prometheus-pidns-exporter.service >'$(DESTDIR)$(UNITDIR)/prometheus-pidns-exporter.service'
	chmod 644 '$(DESTDIR)$(UNITDIR)/prometheus-pidns-exporter.service'
	install -D -m 644 deploy/systemd/pinning.conf '$(DESTDIR)$(DOCUMENTS)/examples/pinning.conf'
	test -e '$(DESTDIR)/etc/default/prometheus-pidns-exporter' || \
	  install -D -m 644 deploy/systemd/prometheus-pidns-exporter.default '$(DESTDIR)/etc/default/prometheus-pidns-exporter'

uninstall: ## removes what `make install` installed, except the flags in /etc/default (seconds)
	rm -f '$(DESTDIR)$(PREFIX)/bin/pidns-exporter' '$(DESTDIR)$(PREFIX)'/share/man/man1/pidns-exporter*.1 \
	  '$(DESTDIR)$(PREFIX)/share/bash-completion/completions/pidns-exporter' '$(DESTDIR)$(ZSHDIR)/_pidns-exporter' \
	  '$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/pidns-exporter.fish' \
	  '$(DESTDIR)$(UNITDIR)/prometheus-pidns-exporter.service'
	rm -rf '$(DESTDIR)$(DOCUMENTS)'

deb: build ## builds the Debian package, in .build/deb (35 s)
	@$(INSTALL) deb
	@scripts/build-deb.sh

rpm: build ## builds the rpm, in .build/rpm (1 min)
	@$(INSTALL) release
	@scripts/build-rpm.sh

release: build ## builds all release artefacts, as root, in .build/dist (2 min): see CONTRIBUTING.md
	@$(INSTALL) release
	@scripts/build-release.sh

image: build ## builds the image with buildah: .build/pidns-exporter-image.tar (1 min)
	@$(INSTALL) image
	@rm -f .build/pidns-exporter-image.tar
	@deploy/container/build-image.sh .build/release/pidns-exporter .build/pidns-exporter-image.tar

manifests: ## writes the generated files in deploy/ (seconds)
	@$(INSTALL) build check
	@scripts/render-manifests.sh

dashboards: ## renders dashboards, alerts and rules from dashboards/mixin (seconds)
	@$(INSTALL) check
	jsonnetfmt --in-place $$(find dashboards/mixin -name '*.*sonnet')
	jsonnet --string --multi dashboards dashboards/mixin/render.jsonnet

bench: bench-build ## measures the cost of the exporter beside others, as root (70 min); ARGS=--quick takes 15 min
	@echo 'Measuring: about 70 minutes, 15 with ARGS=--quick'
	$(SUDO) .build/release/pidns-bench $(ARGS)

bench-check: bench-build ## measures what Benchmarks/table.tsv has, and fails if a figure is worse by more than the noise, as root (25 min)
	@echo 'Measuring: about 25 minutes'
	$(SUDO) .build/release/pidns-bench --no-peers $(foreach part,start poll series http maps,--only=$(part)) --check=Benchmarks/table.tsv $(ARGS)

bench-build: build
	@$(INSTALL) bench
	$(RELEASE) pidns-workload
	$(RELEASE) pidns-bench
	Benchmarks/peers/build.sh .build/release/peers

clean: ## removes all build products (seconds)
	rm -rf .build
