package directory_test

import (
	"bytes"
	"context"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/directory"
	"github.com/mailpanel/account-resource/accountresource/run"
)

// brokenHandler panics when it hears of an object that is passed over, which the listing's own goroutine says.
type brokenHandler struct{ slog.Handler }

func (h brokenHandler) Handle(ctx context.Context, r slog.Record) error {
	if r.Message == "an object is passed over" {
		panic("at bind-Secret-7")
	}
	return h.Handler.Handle(ctx, r)
}

func TestAPanicInAListingIsItsError(t *testing.T) {
	script := &scripted{list: func(s *session, r request) {
		s.user(r, 1)
		s.entry(r, userDN(2), nil)
		s.page(r, "")
	}}
	var log bytes.Buffer
	r, err := directory.Options{Logger: slog.New(brokenHandler{slog.NewTextHandler(&log, nil)})}.Open(settings(t, script.serve(t)))
	require.NoError(t, err)
	defer func() { _ = r.Close() }()
	listing, err := r.List(t.Context(), run.Query{Kind: account.User}, func(account.Object) error { return nil })
	require.ErrorContains(t, err, "panic: at ••••••")
	assert.Equal(t, run.Listing{}, listing)
	assert.Contains(t, log.String(), "panic_test.go", "the log has the stack")
	assert.NotContains(t, log.String(), "bind-Secret-7")
}

func TestAPanicOfTheCallbackIsTheListingsError(t *testing.T) {
	var log bytes.Buffer
	o := directory.Options{PageSize: 3, Logger: slog.New(slog.NewTextHandler(&log, nil))}
	r, err := o.Open(settings(t, (&scripted{list: pages(100)}).serve(t)))
	require.NoError(t, err)
	defer func() { _ = r.Close() }()
	given := 0
	listing, err := r.List(t.Context(), run.Query{Kind: account.User}, func(account.Object) error {
		if given++; given == 5 {
			panic("the fifth")
		}
		return nil
	})
	require.ErrorContains(t, err, "panic: the fifth")
	assert.Equal(t, run.Listing{Count: 4}, listing)
	assert.Contains(t, log.String(), "panic_test.go", "the log has the stack")
}
