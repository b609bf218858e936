package eval_test

import (
	"fmt"
	"math"

	"augmix/eval"
	"augmix/run"
)

// Four images of two classes. The network says class 0 with 0.9, 0.8, 0.6 and 0.7, and is right on the first two:
// confidence 0.75, accuracy 0.5. The most confident images are right, so the accuracies among the 1, 2, 3 and 4 most
// confident are 1, 1, 2/3 and 1/2.
func ExampleAccumulator() {
	a := eval.NewAccumulator(2, 4)
	var logP []float64
	for _, p := range []float64{0.9, 0.8, 0.6, 0.7} {
		logP = append(logP, math.Log(p), math.Log(1-p))
	}
	if err := a.Add(logP, []int64{0, 0, 1, 1}); err != nil {
		fmt.Println(err)
		return
	}
	s := a.Scores()
	fmt.Printf("error %.0f %%\n", s.Error)
	fmt.Printf("NLL %.4f\n", s.NLL)     // -(ln 0.9 + ln 0.8 + ln 0.4 + ln 0.3)/4
	fmt.Printf("Brier %.4f\n", s.Brier) // 2·(0.01 + 0.04 + 0.36 + 0.49)/4
	fmt.Printf("confidence - accuracy %.0f %%: overconfident\n", s.ConfidenceMinusAccuracy)
	fmt.Printf("soft F1 %.2f %%\n", s.SoftF1) // 2·(0.4 + 0.3)/(0.1 + 0.2 + 0.4 + 0.3 + 2)
	fmt.Printf("AURRA %.2f %%\n", s.AURRA)
	fmt.Println("RMS calibration of 100 images and more only:", s.RMSCalibration.Known())
	// Output:
	// error 50 %
	// NLL 0.6122
	// Brier 0.4500
	// confidence - accuracy 25 %: overconfident
	// soft F1 46.67 %
	// AURRA 79.17 %
	// RMS calibration of 100 images and more only: false
}

// Two corruptions at two severities: each one's error is its mean, and the mean corruption error is that of these.
func ExampleCorruptions() {
	var cells []eval.Cell
	for _, c := range []struct {
		name   string
		errors [2]float64
	}{{"fog", [2]float64{10, 20}}, {"contrast", [2]float64{20, 40}}} {
		for i, e := range c.errors {
			cells = append(cells, eval.Cell{Corruption: c.name, Severity: 1 + i, Source: "published", Scores: run.Scores{Error: e}})
		}
	}
	c, err := eval.Corruptions(cells)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("fog %.1f, contrast %.1f, mean corruption error (unnormalised mCE) %.1f\n",
		c.ByCorruption["fog"].Error, c.ByCorruption["contrast"].Error, c.MeanError)
	fmt.Printf("at severity 1 %.1f, at severity 2 %.1f; weather %.1f\n", c.BySeverity[0].Error, c.BySeverity[1].Error, c.ByGroup["weather"])
	// Output:
	// fog 15.0, contrast 30.0, mean corruption error (unnormalised mCE) 22.5
	// at severity 1 15.0, at severity 2 30.0; weather 15.0
}
