package benchmark

import (
	"context"
	"sync"
	"sync/atomic"
)

// inOrder makes the parts 0 … n-1 of something on several goroutines, a few ahead of
// take, which gets them in their order on the caller's goroutine. open is called once
// for each goroutine; its close follows the last part. The first error, or the cause
// of ctx's end, ends everything; all goroutines have ended when inOrder returns.
func inOrder(ctx context.Context, n, workers int, open func() (part func(i int) ([]byte, error), close func()), take func([]byte) error) error {
	type job struct {
		index int
		data  []byte
		err   error
		done  chan struct{}
	}
	ctx, cancel := context.WithCancel(ctx)
	jobs, queue := make(chan *job), make(chan *job, 2*workers)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	wg.Go(func() {
		defer close(jobs)
		defer close(queue)
		for i := range n {
			j := &job{index: i, done: make(chan struct{})}
			for _, to := range []chan *job{queue, jobs} {
				select {
				case to <- j:
				case <-ctx.Done():
					return
				}
			}
		}
	})
	for range workers {
		wg.Go(func() {
			part, close_ := open()
			defer close_()
			for j := range jobs {
				j.data, j.err = part(j.index)
				close(j.done)
			}
		})
	}
	for range n {
		// The queue is closed early only where ctx has ended.
		j := <-queue
		if j == nil {
			return context.Cause(ctx)
		}
		select {
		case <-j.done:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		if j.err != nil {
			return j.err
		}
		if err := take(j.data); err != nil {
			return err
		}
	}
	return nil
}

// forEach calls do for 0 … n-1 on several goroutines. open is called once for each of
// them; its close follows the last call. The first error, or the cause of ctx's end,
// ends everything; all goroutines have ended when forEach returns.
func forEach(ctx context.Context, n, workers int, open func() (do func(i int) error, close func())) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(workers, n) {
		wg.Go(func() {
			do, close_ := open()
			defer close_()
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				if err := do(i); err != nil {
					cancel(err)
				}
			}
		})
	}
	wg.Wait()
	return context.Cause(ctx)
}
