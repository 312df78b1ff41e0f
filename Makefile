# SPDX-License-Identifier: Apache-2.0

# Flags for what `make run`, `make bench`, `make test-kernels`, `make test-packages` and `make test-scenarios` start.
ARGS =
# Puts in place what is missing; `make INSTALL=true …` takes the machine as it is.
INSTALL = scripts/install-dependencies.sh

# The same bytes in any folder: the paths of sources in messages are relative, and no module carries a hash of the compiler's command line.
REPRODUCIBLE = -Xswiftc -file-prefix-map -Xswiftc '$(CURDIR)=.' -Xcc '-ffile-prefix-map=$(CURDIR)=.' -Xswiftc -Xfrontend -Xswiftc -disable-incremental-llvm-codegen
# One file that needs no Swift on the machine it runs on, without symbols.
RELEASE = swift build -c release --static-swift-stdlib -Xlinker -s $(REPRODUCIBLE) --product
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)

# Where the exporter answers: as its flags say, of which the last one counts here, or as its defaults do.
listen = $(or $(lastword $(patsubst --web.listen-address=%,%,$(filter --web.listen-address=%,$(ARGS)))),:10059)
path = $(or $(lastword $(patsubst --web.telemetry-path=%,%,$(filter --web.telemetry-path=%,$(ARGS)))),/metrics)

.PHONY: help run build test test-kernels test-scenarios test-fleet test-packages test-release test-walk-through test-apiserver test-prometheus test-bare check format install install-files uninstall deb rpm image release manifests dashboards bench clean

help: ## lists the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 24

run: build ## builds the release and runs it as root; ARGS=… are its flags
	@echo "Once it listens: curl http://$(patsubst :%,localhost:%,$(listen))$(path)"
	$(SUDO) .build/release/pidns-exporter $(ARGS)

build: ## builds the release: .build/release/pidns-exporter
	@$(INSTALL) build
	$(RELEASE) pidns-exporter

test: ## runs all tests, those of the kernel as root
	@$(INSTALL) build test
	@scripts/test.sh

test-kernels: build ## runs the exporter on other kernels, emulated; ARGS=… says which ones, see --help
	$(RELEASE) pidns-workload
	$(RELEASE) pidns-judge
	@Tests/kernel-matrix/run.sh $(ARGS)

test-scenarios: build ## makes trouble under a real Prometheus, as root, and sees which alerts fire; ARGS=… says which, see --help
	@$(INSTALL) test
	$(RELEASE) pidns-workload
	$(RELEASE) pidns-scenarios
	@$(SUDO) .build/release/pidns-scenarios $(ARGS)

test-fleet: build ## has one Prometheus scrape 50 exporters, as root, each in a network of its own; ARGS=… says how many, see --help
	@$(INSTALL) test test-prometheus
	$(RELEASE) pidns-workload
	$(RELEASE) pidns-fleet
	@Tests/prometheus/fetch.sh .build/engines
	@$(SUDO) unshare --net sh -c 'ip link set lo up && exec "$$@"' sh .build/release/pidns-fleet $(ARGS)

test-packages: deb ## installs the package, and the service under systemd in machines of Debian 12 and 13, as root; ARGS=… says which parts, see Tests/packages/run.sh
	@$(INSTALL) test-packages
	$(RELEASE) pidns-workload
	$(RELEASE) pidns-judge
	@Tests/packages/install-tree.sh
	@$(SUDO) Tests/packages/run.sh $(ARGS)

test-walk-through: ## types the commands of docs/walk-through.md, as root, in a fresh clone of what is committed
	@$(INSTALL) build test
	$(SUDO) Tests/walk-through/walk.py

test-bare: ## runs make run, test, check, deb and test-packages, as root, in a bare Debian 12 and 13, from a fresh clone of what is committed; ARGS=… says which
	@$(INSTALL) build test-packages
	@$(SUDO) env "PATH=$$PATH" Tests/bare-debian/run.sh $(ARGS)

test-release: ## builds a release twice, as root, in two folders; compares them, and uses each artefact
	@$(INSTALL) build release test-release
	@$(SUDO) Tests/release/run.sh

test-apiserver: build ## watches the pods of a real kube-apiserver, which is built once, as root: restarts, compaction, tokens, RBAC
	@$(INSTALL) test-apiserver
	@Tests/kube-apiserver/fetch.sh .build/apiserver
	@$(SUDO) unshare --net --mount Tests/kube-apiserver/run.py .build/release/pidns-exporter .build/apiserver

test-prometheus: build ## has Prometheus of three Debian suites and VictoriaMetrics scrape an exporter, as root, while containers come and go: every count must arrive
	@$(INSTALL) test-prometheus
	$(RELEASE) pidns-workload
	@Tests/prometheus/fetch.sh .build/engines
	@$(SUDO) unshare --net Tests/prometheus/run.py .build/release/pidns-exporter .build/release/pidns-workload .build/engines

check: ## checks formats, lints and licences
	@$(INSTALL) build check
	@scripts/check.sh

format: ## puts the sources into the format that `make check` asks for
	@$(INSTALL) build check
	swift format --in-place --parallel --recursive $(wildcard Package.swift Plugins Sources Tests Benchmarks)
	find bpf Sources Tests $(wildcard Benchmarks) -name '*.[ch]' -exec clang-format -i {} +

# Where things go on the machine; DESTDIR stands before all of it.
DESTDIR =
PREFIX = /usr/local
UNITDIR = $(PREFIX)/lib/systemd/system
ZSHDIR = $(PREFIX)/share/zsh/site-functions

install: build ## installs the release with its manual, completions and service: DESTDIR=…, PREFIX=…
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
	test -e '$(DESTDIR)/etc/default/prometheus-pidns-exporter' || \
	  install -D -m 644 deploy/systemd/prometheus-pidns-exporter.default '$(DESTDIR)/etc/default/prometheus-pidns-exporter'

uninstall: ## removes what `make install` put there, but for the flags in /etc/default
	rm -f '$(DESTDIR)$(PREFIX)/bin/pidns-exporter' '$(DESTDIR)$(PREFIX)'/share/man/man1/pidns-exporter*.1 \
	  '$(DESTDIR)$(PREFIX)/share/bash-completion/completions/pidns-exporter' '$(DESTDIR)$(ZSHDIR)/_pidns-exporter' \
	  '$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/pidns-exporter.fish' \
	  '$(DESTDIR)$(UNITDIR)/prometheus-pidns-exporter.service'

deb: build ## makes the Debian package, in .build/deb
	@$(INSTALL) deb
	@scripts/build-deb.sh

rpm: build ## makes the rpm, in .build/rpm
	@$(INSTALL) release
	@scripts/build-rpm.sh

release: build ## makes all that is published, as root, in .build/dist: CONTRIBUTING.md describes a release
	@$(INSTALL) release
	@scripts/build-release.sh

image: build ## makes an image of the release, by buildah: .build/pidns-exporter-image.tar
	@$(INSTALL) image
	@rm -f .build/pidns-exporter-image.tar
	@deploy/container/build-image.sh .build/release/pidns-exporter .build/pidns-exporter-image.tar

manifests: ## writes the files below deploy/ that are made of others
	@$(INSTALL) build check
	@scripts/render-manifests.sh

dashboards: ## renders dashboards, alerts and rules from dashboards/mixin
	@$(INSTALL) check
	jsonnetfmt --in-place $$(find dashboards/mixin -name '*.*sonnet')
	jsonnet --string --multi dashboards dashboards/mixin/render.jsonnet

bench: build ## measures what the exporter costs, as root; ARGS=… are the benchmark's flags
	$(RELEASE) pidns-workload
	$(RELEASE) pidns-bench
	$(SUDO) .build/release/pidns-bench $(ARGS)

clean: ## removes what was built
	rm -rf .build
