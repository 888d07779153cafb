package run

import (
	"context"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/plan"
	"github.com/mailpanel/account-resource/accountresource/recovered"
	"github.com/mailpanel/account-resource/accountresource/resource"
)

// Preview plans a run with settings that need not be saved, and stops before the first write: each is given every
// change that the run would log, as it is found, and may end the preview with an error. It needs no lease: a run may be
// going on beside it.
func (r *Runner) Preview(ctx context.Context, res resource.Resource, each func(*account.Change) error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, r.cfg.Deadline, errDeadline)
	defer cancel()
	err := recovered.Do(func() error { return r.preview(ctx, res, each) })
	logPanic(ctx, r.cfg.Logger, "preview", err)
	return err
}

func (r *Runner) preview(ctx context.Context, res resource.Resource, each func(*account.Change) error) error {
	p := newReplication(&r.cfg, res, Full)
	p.log = p.log.With("preview", true)
	if err := p.readWatermark(ctx); err != nil { // it knows whom the server's database has never shown (rule R24)
		return err
	}
	return p.replicateWith(ctx, false, func(_ context.Context, batches <-chan []account.Change) ([]plan.Outcome, error) {
		for batch := range batches {
			for i := range batch {
				if batch[i].Action == "" {
					continue
				}
				if err := each(&batch[i]); err != nil {
					return nil, err
				}
			}
		}
		return nil, nil
	})
}
