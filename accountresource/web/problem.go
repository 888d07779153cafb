package web

import (
	"context"

	"github.com/mailpanel/account-resource/accountresource/recovered"
)

// logProblem is recovered.Log with the host's log.
func (w *Web) logProblem(ctx context.Context, doing string, err error, attrs ...any) {
	recovered.Log(ctx, w.cfg.Logger, doing, err, attrs...)
}
