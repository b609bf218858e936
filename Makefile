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
#   ROWS=… PAIRS=N make bench: only these groups of rows (scripts/bench.sh names them), each pair so often
#   FLAGS=… make methods: flags for every training; two such calls at once share the work

SHELL := /bin/bash
GO ?= go
SEED ?= 1
BIN := build/augmix
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
VERSION := $(shell git describe --always --dirty 2>/dev/null || echo unknown)

.DEFAULT_GOAL := help
.PHONY: help setup libtorch build run test lint bench parity parity-corruptions parity-errors parity-batches parity-events upstream-test reliability cifar cifar-models cifar-seeds methods motivation networks

help:
	@echo 'make run            trains on the embedded set, evaluates, writes a report (some minutes; SEED=N)'
	@echo 'make test           all tests'
	@echo 'make setup          installs what the build needs; run, test and bench call it'
	@echo 'make libtorch       only libtorch (LIBTORCH=DIR, FROM=python)'
	@echo 'make build          the program, $(BIN)'
	@echo 'make lint           gofmt, go vet, staticcheck'
	@echo 'make bench          the speed table (REFERENCE=DIR, ROBUSTNESS=DIR for rows that time the originals)'
	@echo 'make parity         the comparisons with PyTorch and Pillow (REFERENCE=DIR, ROBUSTBENCH=DIR for the rows that need them)'
	@echo 'make parity-corruptions  corruptions and perturbations against their original generator (ROBUSTNESS=DIR; an hour)'
	@echo 'make parity-errors  the published ResNets on all images of seven corruptions against PyTorch (hours on two cores)'
	@echo 'make parity-batches  ResNet-20 in other batches, read by other workers: on all clean and corrupted images (an hour)'
	@echo 'make parity-events  TensorBoard, from the package index, reads the events of a run that was killed'
	@echo 'make cifar          CIFAR-10: a network with AugMix and one without on all corruptions (DATA=DIR, else it is downloaded)'
	@echo 'make cifar-models   trains these two networks again (DATA=DIR; a quarter of an hour)'
	@echo 'make cifar-seeds    CIFAR-10: three seeds of a short recipe (DATA=DIR; REFERENCE=DIR runs the reference too)'
	@echo 'make methods        CIFAR-10: ten ways to train side by side, three seeds each (DATA=DIR; hours; goes on where it stopped)'
	@echo 'make motivation     CIFAR-10: networks trained on one corruption each, evaluated on all (DATA=DIR; half an hour)'
	@echo 'make networks       two steps of every network with every method on a set of every layout (hours)'
	@echo 'make reliability    kills a run at 20 random moments in both precisions and compares the weights'
	@echo "make upstream-test  gotorch's own tests against torchbridge (GOTORCH=DIR)"

setup:
	@scripts/setup.sh

libtorch:
	@scripts/libtorch.sh $(FROM)

build: setup
	@$(GO) build -ldflags '-X main.version=$(VERSION)' -o $(BIN) .

run: build
	@scripts/run.sh $(BIN) $(SEED)

# Two packages at a time: threads that wait for each other must sleep then, or two programs take minutes for seconds.
test: export OMP_WAIT_POLICY = passive
test: export GOMP_SPINCOUNT = 0
test: setup
	$(GO) build ./...
	$(GO) test -p 2 ./...
	cd torchbridge && $(GO) test -p 2 ./...

lint:
	@out=$$(gofmt -l .); [ -z "$$out" ] || { echo "not formatted: $$out"; exit 1; }
	$(GO) vet ./...
	cd torchbridge && $(GO) vet ./...
	$(GO) run $(STATICCHECK) ./...
	cd torchbridge && $(GO) run $(STATICCHECK) ./...

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
	AUGMIX_EVERY=1 $(GO) test -count=1 -timeout 24h -v -run TestEveryNetworkTrains ./train

reliability: build
	@scripts/reliability.sh $(BIN)

upstream-test: setup
	@scripts/upstream-test.sh $(GOTORCH)
