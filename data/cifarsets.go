package data

// cifarSets are the datasets of https://www.cs.toronto.edu/~kriz/cifar.html. Where
// both layouts of one are there the binary one is read: it needs no pickle.
//
// The digests of the Python files are those that torchvision
// checks (torchvision/datasets/cifar.py). Those of CIFAR-10's binary files are in
// several loaders; building these files from the Python ones gives the same, so
// both layouts hold the same images in the same order. Nobody seems to publish an
// md5 of CIFAR-100's binary files; ankane/torchvision-ruby has their SHA-256.
var cifarSets = map[string]*cifarSet{
	"cifar10": {
		name: "cifar10", title: "CIFAR-10", classes: cifar10Classes,
		layouts: []cifarLayout{
			{
				folder: "cifar-10-batches-bin", binary: true,
				train: []cifarFile{
					{"data_batch_1.bin", 10000, 30730000, "5dd7e06a14cb22eb9f671a540d1b7c25"},
					{"data_batch_2.bin", 10000, 30730000, "5ea93a67294ea407fff1d09f752e9692"},
					{"data_batch_3.bin", 10000, 30730000, "942cd6a4bcdd0dd3c604fbe906cb4421"},
					{"data_batch_4.bin", 10000, 30730000, "ae636b3ba5c66a11e91e8cb52e771fcb"},
					{"data_batch_5.bin", 10000, 30730000, "53f37980c15c3d472c316c40844f3f0d"},
				},
				test: []cifarFile{
					{"test_batch.bin", 10000, 30730000, "803d5f7f4d78ea53de84dbe85f74fb6d"},
				},
			},
			{
				folder: "cifar-10-batches-py",
				train: []cifarFile{
					{"data_batch_1", 10000, 31035704, "c99cafc152244af753f735de768cd75f"},
					{"data_batch_2", 10000, 31035320, "d4bba439e000b95fd0a9bffe97cbabec"},
					{"data_batch_3", 10000, 31035999, "54ebc095f3ab1f0389bbae665268c751"},
					{"data_batch_4", 10000, 31035696, "634d18415352ddfa80567beed471001a"},
					{"data_batch_5", 10000, 31035623, "482c414d41f54cd18b22e5b47cb7c3cb"},
				},
				test: []cifarFile{
					{"test_batch", 10000, 31035526, "40351d587109b95175f43aff81a1287e"},
				},
			},
		},
	},
	"cifar100": {
		name: "cifar100", title: "CIFAR-100", classes: cifar100Classes, coarse: 20,
		layouts: []cifarLayout{
			{
				folder: "cifar-100-binary", binary: true,
				train: []cifarFile{
					{"train.bin", 50000, 153700000, "f31298fc616915fa142368359df1c4ca2ae984d6915ca468b998a5ec6aeebf29"},
				},
				test: []cifarFile{
					{"test.bin", 10000, 30740000, "d8b1e6b7b3bee4020055f0699b111f60b1af1e262aeb93a0b659061746f8224a"},
				},
			},
			{
				folder: "cifar-100-python",
				train: []cifarFile{
					{"train", 50000, 155249918, "16019d7e3df5f24257cddd939b257f8d"},
				},
				test: []cifarFile{
					{"test", 10000, 31049707, "f0ef6b0ae62326f3e7ffdfab6717acfc"},
				},
			},
		},
	},
}
