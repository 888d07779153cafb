package run

import (
	"context"
	"log/slog"

	"github.com/mailpanel/account-resource/accountresource/recovered"
)

// logPanic logs an error that wraps a panic, with its stack; other errors are the caller's to show.
func logPanic(ctx context.Context, log *slog.Logger, doing string, err error) {
	if recovered.Stack(err) != "" {
		recovered.Log(ctx, log, doing, err)
	}
}

// onceMoreAfterPanic calls work, and calls it again if it panicked, so that a lease is not left behind. The error is
// that of the first call.
func onceMoreAfterPanic(work func() error) error {
	err := recovered.Do(work)
	if recovered.Stack(err) != "" {
		_ = recovered.Do(work)
	}
	return err
}
