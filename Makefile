# augmix. Plain `make` prints what each target does; nothing here needs an environment set up by hand.
#
#   SEED=N        make run: the seed (1)
#   FROM=python   make libtorch: use the torch of the python3 on the PATH
#   LIBTORCH=DIR  make libtorch: use this one
#   REFERENCE=DIR make bench, parity: a checkout of google-research/augmix
#   ROBUSTNESS=DIR make bench, parity-corruptions: a checkout of hendrycks/robustness
#   GOTORCH=DIR   make upstream-test: a checkout of wangkuiyi/gotorch
#   DATA=DIR      make cifar, cifar-models, cifar-seeds, methods, motivation: the folder that holds CIFAR-10; without it make cifar downloads the set
#   ROBUSTBENCH=DIR make parity: a checkout of RobustBench/robustbench
#   CUDA=1        make dist, docker-check: for CUDA devices too (2.7 GB of libraries, fetched once)
#   ROWS=… PAIRS=N make bench: only these groups of rows (scripts/bench.sh names them), each pair so often
#   FLAGS=… make methods: flags for every training; two such calls at once share the work

SHELL := /bin/bash
GO ?= go
SEED ?= 1
BIN := build/augmix
CUDA_BIN := build/cuda/augmix
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
VERSION := $(shell git describe --always --dirty 2>/dev/null || echo unknown)

.DEFAULT_GOAL := help
.PHONY: help setup libtorch build cuda cuda-run cuda-check run test lint bench parity parity-corruptions parity-errors parity-batches parity-events upstream-test reliability cifar cifar-models cifar-seeds methods motivation networks parity-ranks parity-torchrun dist docker docker-check gpu-check-dry

help:
	@echo 'make run            trains on the embedded set, evaluates, writes a report (some minutes; SEED=N)'
	@echo 'make test           all tests'
	@echo 'make setup          installs what the build needs; run, test and bench call it'
	@echo 'make libtorch       only libtorch (LIBTORCH=DIR, FROM=python)'
	@echo 'make build          the program, $(BIN)'
	@echo 'make cuda           the program for CUDA devices, $(CUDA_BIN) (needs no device)'
	@echo 'make cuda-run       fetches the libraries to start it (2.7 GB, once) and lets it say what it finds'
	@echo 'make lint           gofmt, go vet, staticcheck'
	@echo 'make cuda-check     links the CUDA build and checks its files as lint does (needs no device)'
	@echo 'make gpu-check-dry  tries scripts/gpu-check, which measures on a GPU, on a CPU with tiny networks (a minute; PyTorch)'
	@echo 'make bench          the speed table (REFERENCE=DIR, ROBUSTNESS=DIR for rows that time the originals)'
	@echo 'make parity         the comparisons with PyTorch and Pillow (REFERENCE=DIR, ROBUSTBENCH=DIR for the rows that need them)'
	@echo 'make parity-corruptions  corruptions and perturbations against their original generator (ROBUSTNESS=DIR; an hour)'
	@echo 'make parity-errors  the published ResNets on all images of seven corruptions against PyTorch (hours on two cores)'
	@echo 'make parity-batches  ResNet-20 in other batches, read by other workers: on all clean and corrupted images (an hour)'
	@echo 'make parity-events  TensorBoard, from the package index, reads the events of a run that was killed'
	@echo 'make parity-ranks    1 to 4 ranks over Gloo against one process that adds their gradients, 50 steps; ranks that hang (minutes)'
	@echo 'make parity-torchrun  ranks under PyTorch'"'"'s torchrun against augmix train --procs'
	@echo 'make cifar          CIFAR-10: a network with AugMix and one without on all corruptions (DATA=DIR, else it is downloaded)'
	@echo 'make cifar-models   trains these two networks again (DATA=DIR; a quarter of an hour)'
	@echo 'make cifar-seeds    CIFAR-10: three seeds of a short recipe (DATA=DIR; REFERENCE=DIR runs the reference too)'
	@echo 'make methods        CIFAR-10: ten ways to train side by side, three seeds each (DATA=DIR; hours; goes on where it stopped)'
	@echo 'make motivation     CIFAR-10: networks trained on one corruption each, evaluated on all (DATA=DIR; half an hour)'
	@echo 'make networks       two steps of every network with every method on a set of every layout (hours)'
	@echo 'make reliability    kills a run at 20 random moments in both precisions, and one of two ranks, and compares the weights'
	@echo 'make dist           build/dist/augmix-VERSION-linux-amd64: bin/ and lib/ that run where they are copied, and a .tar.gz (CUDA=1)'
	@echo 'make docker         the images augmix:cpu and augmix:cuda'
	@echo "make docker-check   without docker: the last stage of an image in a clean Debian (root; CUDA=1)"
	@echo "make upstream-test  gotorch's own tests against torchbridge (GOTORCH=DIR)"

setup:
	@scripts/setup.sh

libtorch:
	@scripts/libtorch.sh $(FROM)

build: setup
	@$(GO) build -o $(BIN) .

# The program for CUDA devices: it finds libtorch at the link, beside itself in ../lib, and first by LD_LIBRARY_PATH.
cuda: setup
	@scripts/cuda.sh
	@$(GO) build -tags cuda -ldflags "-extldflags '-Wl,-rpath,\$$ORIGIN/../lib'" -o $(CUDA_BIN) .

cuda-run: cuda
	@scripts/cuda.sh run
	@$(CUDA_BIN) doctor

run: build
	@scripts/run.sh $(BIN) $(SEED)

# Two packages at a time: threads that wait for each other must sleep then, or two programs take minutes for seconds.
test: export OMP_WAIT_POLICY = passive
test: export GOMP_SPINCOUNT = 0
test: setup
	python3 -m unittest discover -s scripts/gpu
	$(GO) build ./...
	$(GO) test -p 2 ./train ./eval ./nets ./... # The longest first.
	cd torchbridge && $(GO) test -p 2 ./...
	cd launch && $(GO) test ./...

lint:
	@out=$$(gofmt -l .); [ -z "$$out" ] || { echo "not formatted: $$out"; exit 1; }
	$(GO) vet ./...
	cd torchbridge && $(GO) vet ./...
	cd launch && $(GO) vet ./...
	$(GO) run $(STATICCHECK) ./...
	cd torchbridge && $(GO) run $(STATICCHECK) ./...
	cd launch && $(GO) run $(STATICCHECK) ./...

# What must hold of the CUDA build on a machine without a device: it links, and its files and tests are sound.
cuda-check: cuda
	$(GO) vet -tags cuda ./...
	cd torchbridge && $(GO) vet -tags cuda ./...
	$(GO) run $(STATICCHECK) -tags cuda ./...
	cd torchbridge && $(GO) run $(STATICCHECK) -tags cuda ./...

bench: build
	@ROBUSTNESS='$(ROBUSTNESS)' ROWS='$(ROWS)' scripts/bench.sh $(BIN) $(REFERENCE)

parity: build
	@ROBUSTBENCH=$(ROBUSTBENCH) scripts/parity.sh $(BIN) $(REFERENCE)

parity-corruptions:
	@scripts/parity-corruptions.sh $(ROBUSTNESS) $(IMAGES) $(SEEDS)

parity-errors: setup
	AUGMIX_WHOLE=1 $(GO) test -count=1 -timeout 24h -v -run 'ErrorsEqualPyTorch|EnsembleOfResNets' ./eval

parity-batches: setup
	AUGMIX_WHOLE=1 $(GO) test -count=1 -timeout 24h -v -run 'BatchesAndWorkers' ./eval

parity-events: build
	@scripts/parity-events.sh $(BIN)

cifar: build
	@IMAGES=$(IMAGES) scripts/cifar.sh $(BIN) $(DATA)

cifar-models: build
	@scripts/models.sh $(BIN) $(DATA)

cifar-seeds: build
	@scripts/cifar-seeds.sh $(BIN) $(DATA) $(REFERENCE)

methods: build
	@$(BIN) train --grid scripts/grids/methods.json $(FLAGS) --data $(or $(DATA),$(AUGMIX_TEST_DATA),../shared/data)
	@$(BIN) report build/methods

motivation: build
	@$(BIN) train --grid scripts/grids/motivation.json --data $(or $(DATA),$(AUGMIX_TEST_DATA),../shared/data)
	@$(BIN) report build/motivation

networks: setup
	AUGMIX_EVERY=1 $(GO) test -count=1 -timeout 24h -v -run "TestEveryNetworkTrains|TestStepsCanBeCaptured" ./train

reliability: build
	@scripts/reliability.sh $(BIN)
	@scripts/reliability-ranks.sh $(BIN)

parity-ranks: setup
	AUGMIX_WHOLE=1 $(GO) test -count=1 -v -run 'Ranks|RankThat|SyncBN' ./train

parity-torchrun: build
	@scripts/parity-torchrun.sh $(BIN)

DIST := augmix-$(VERSION)-linux-amd64$(if $(CUDA),-cuda)

dist: setup
	@$(if $(CUDA),scripts/cuda.sh && scripts/cuda.sh run)
	@GO=$(GO) scripts/dist.sh $(VERSION) $(if $(CUDA),cuda)
	@tar -C build/dist --sort=name --owner=0 --group=0 --numeric-owner -czf build/dist/$(DIST).tar.gz $(DIST)
	@du -sh build/dist/$(DIST).tar.gz

docker:
	@docker info >/dev/null 2>&1 || { echo 'docker does not run here; make docker-check does the same steps without it' >&2; exit 2; }
	docker build -t augmix:cpu --build-arg VERSION=$(VERSION) .
	docker build -t augmix:cuda --build-arg VERSION=$(VERSION) -f Dockerfile.cuda .

docker-check: dist
	@scripts/docker-check.sh Dockerfile$(if $(CUDA),.cuda) build/dist/$(DIST)

gpu-check-dry: setup
	@scripts/python-env.sh
	@scripts/gpu-check pack --cpu
	@build/venv/bin/python build/gpu-check-cpu/gpu-check run --device cpu --quick --no-compile --out build/gpu-check-dry

upstream-test: setup
	@scripts/upstream-test.sh $(GOTORCH)
