// Package run keeps a training run's folder: what was decided, where it ran,
// its logs, its checkpoints and its results. It holds no tensor and needs no
// libtorch.
//
//	config.json  env.json                    every decision, and the machine
//	training_log.csv  metrics.jsonl          one row an epoch, one record a line
//	events.out.tfevents.augmix               the same figures for TensorBoard
//	bad_samples.jsonl                        images that were passed over, with --on-bad-sample skip
//	checkpoints/step-00001234.safetensors    newest two and the best are kept
//	checkpoints/last  checkpoints/best       relative symbolic links
//	results/*.json  plots/*.png  report.html
//
// Three promises, each with a test that kills, fails or corrupts something:
//
//   - A file that is replaced is replaced whole: it is written beside its
//     target under a temporary name, synced, closed, renamed, and the folder is
//     synced. At every instant either the old or the new content is there.
//   - One program at a time writes into a folder (flock on .lock).
//   - A checkpoint is offered for resuming only after its SHA-256 was verified.
//
// A Folder is not safe for concurrent use. Reading a folder that another
// process writes is safe: files change only by rename, logs only grow.
package run
