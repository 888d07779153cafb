package backendtest

import (
	"context"
	"errors"
	"sync"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/backends"
)

// Faulty wraps a backend whose writing fails on demand.
type Faulty struct {
	backends.Backend

	mu     sync.Mutex
	before error
	after  error
	hangs  bool
}

var _ backends.Backend = (*Faulty)(nil)

// NewFaulty wraps a backend; without more it is as good as that.
func NewFaulty(b backends.Backend) *Faulty { return &Faulty{Backend: b} }

// FailBefore has every Apply fail without an effect; nil mends it.
func (f *Faulty) FailBefore(err error) *Faulty {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.before = err
	return f
}

// FailAfter has every Apply fail although it had its effect; nil mends it.
func (f *Faulty) FailAfter(err error) *Faulty {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.after = err
	return f
}

// Hang has every Apply wait until its context ends.
func (f *Faulty) Hang(hang bool) *Faulty {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.hangs = hang
	return f
}

// Apply fails as was asked.
func (f *Faulty) Apply(ctx context.Context, d account.Domain, operations []account.Operation) ([]error, error) {
	f.mu.Lock()
	before, after, hangs := f.before, f.after, f.hangs
	f.mu.Unlock()
	if hangs {
		<-ctx.Done()
		return nil, context.Cause(ctx)
	}
	if before != nil {
		return nil, before
	}
	results, err := f.Backend.Apply(ctx, d, operations)
	return results, errors.Join(err, after)
}
