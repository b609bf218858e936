// Package jsd is AugMix's consistency loss: the Jensen-Shannon divergence between the predictions for the views of an
// image, made of torch operations so that autograd follows it (Hendrycks et al., ICLR 2020, section 3).
package jsd

import torch "github.com/wangkuiyi/gotorch"

// Floor is the least probability of the mixture inside the logarithm (cifar.py, train: torch.clamp(…, 1e-7, 1)).
const Floor = 1e-7

// Loss returns the Jensen-Shannon divergence as a scalar in nats, 0 where all views agree and at most ln(views): the
// mean over images and views of KL(p_v ‖ M), where M is the mean of the views' predictions p_v. Gradients flow through M.
//
// logits are float32 of shape [views·N, K], view-major: image i of view v is row v·N+i. It panics with a *torch.Error if
// they do not divide so.
//
// The reference sums p·log p − p·log M with a function that takes 0·log 0 as 0; log p here is the log-softmax, which is
// finite where p underflows, so that the value is the same and the gradient has no 0/0.
func Loss(logits torch.Tensor, views int) torch.Tensor {
	shape := logits.Shape()
	n, k := shape[0]/int64(views), shape[1]
	p := logits.Softmax(1).View(int64(views), n, k)
	logP := logits.LogSoftmax(1).View(int64(views), n, k)
	logM := p.MeanDims(true, 0).Clamp(Floor, 1).Log()
	divergence := torch.Mul(p, torch.Sub(logP, logM, 1))
	return divergence.Sum().MulScalar(1 / float64(int64(views)*n))
}
