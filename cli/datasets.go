package cli

import (
	"augmix/data"
	"augmix/run"
)

// openData opens one split of the dataset that c names, limited to its first n
// images unless n is 0.
func openData(c run.Config, split string, n int, log *progress) (data.Dataset, error) {
	set, err := data.Open(c.Dataset, c.Data, split)
	if err != nil {
		return nil, err
	}
	if n > 0 && n < set.Len() {
		log.say("using the first %d of the %d images of %s's %s split", n, set.Len(), c.Dataset, split)
	}
	return data.Subset(set, n, false), nil
}
