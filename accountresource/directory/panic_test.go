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
	"github.com/mailpanel/account-resource/accountresource/recovered"
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
	var fault *recovered.Error
	require.ErrorAs(t, err, &fault, "whoever asked can tell that it was a panic")
	assert.Equal(t, "at ••••••", fault.Value)
	assert.Contains(t, string(fault.Stack), "panic_test.go", "and log where")
	assert.NotContains(t, err.Error()+log.String(), "bind-Secret-7")
	assert.Equal(t, run.Listing{}, listing)
}

// deafHandler panics whatever it hears.
type deafHandler struct{ slog.Handler }

func (deafHandler) Enabled(context.Context, slog.Level) bool { return true }

func (deafHandler) Handle(context.Context, slog.Record) error { panic("no log today") }

func TestALogThatPanicsIsNoMoreThanAnError(t *testing.T) {
	script := &scripted{list: func(s *session, r request) {
		s.entry(r, userDN(1), nil)
		s.page(r, "")
	}}
	r, err := directory.Options{Logger: slog.New(deafHandler{slog.DiscardHandler})}.Open(settings(t, script.serve(t)))
	require.NoError(t, err)
	defer func() { _ = r.Close() }()
	_, err = r.List(t.Context(), run.Query{Kind: account.User}, func(account.Object) error { return nil })
	require.ErrorContains(t, err, "panic: no log today")
}

func TestAPanicOfTheCallbackIsItsCallers(t *testing.T) {
	r := open(t, settings(t, (&scripted{list: pages(100)}).serve(t)), 3)
	given := 0
	err := recovered.Do(func() error {
		_, err := r.List(t.Context(), run.Query{Kind: account.User}, func(account.Object) error {
			if given++; given == 5 {
				panic("the fifth")
			}
			return nil
		})
		return err
	})
	require.EqualError(t, err, "panic: the fifth", "it is not the directory's")
	assert.Equal(t, 5, given)
}
