package run

import (
	"context"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/resource"
)

// PreviewSize is how many changes a preview shows.
const PreviewSize = 500

// Preview is what a run would do.
type Preview struct {
	Counts map[account.Action]int
	// Changes are the first of them; the counts are of all.
	Changes []account.Change
}

// Preview plans a run with settings that need not be saved, and stops before the first write. It needs no lease: a
// run may be going on beside it.
func (r *Runner) Preview(ctx context.Context, res resource.Resource) (Preview, error) {
	preview := Preview{Counts: make(map[account.Action]int)}
	ctx, cancel := context.WithTimeoutCause(ctx, r.cfg.Deadline, errDeadline)
	defer cancel()
	p := newReplication(&r.cfg, res, Full)
	p.log = p.log.With("preview", true)
	err := p.plan(ctx, func(_ context.Context, batches <-chan []account.Change) error {
		for batch := range batches {
			for i := range batch {
				c := &batch[i]
				if c.Action == "" {
					continue
				}
				preview.Counts[c.Action]++
				if len(preview.Changes) < PreviewSize {
					preview.Changes = append(preview.Changes, *c)
				}
			}
		}
		return nil
	})
	return preview, err
}
