package readertest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/directory"
	"github.com/mailpanel/account-resource/accountresource/run"
)

// signTime is how long a sign may take on a slow machine under the race detector.
const signTime = 30 * time.Second

// watched tells of every change once the connection stands, and ends with its context or with an error.
func watched(t *testing.T, p *Place) {
	s := p.ordinary(t)
	somebody := p.member(t, s.Connection.BaseDN, "watched")
	reader, err := directory.Options{Dial: p.Dial}.Reader(s)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	signs, ended := make(chan string, 100), make(chan error, 1)
	go func() { ended <- reader.Watch(ctx, 10*time.Millisecond, func(server string) { signs <- server }) }()
	next := func(what string) {
		t.Helper()
		select {
		case server := <-signs:
			assert.NotEmpty(t, server, what)
		case err := <-ended:
			require.NoError(t, err, what)
		case <-time.After(signTime):
			require.Fail(t, "no sign", what)
		}
	}
	next("the connection stands")
	for _, title := range []string{"One", "Two", "Three"} {
		p.modify(t, somebody, "title", title)
		next(title)
	}
	cancel()
	require.ErrorIs(t, <-ended, context.Canceled)

	s.Users.Filter = "(memberOf=CN=Staff," + p.Base + ")"
	reader, err = directory.Options{Dial: p.Dial}.Reader(s)
	require.NoError(t, err)
	require.ErrorIs(t, reader.Watch(t.Context(), time.Millisecond, func(string) {}), run.ErrCannotFollow)
	s = p.settings()
	s.Connection.CACertificate = ""
	reader, err = directory.Options{Dial: p.Dial}.Reader(s)
	require.NoError(t, err)
	wantProblem(t, reader.Watch(t.Context(), time.Millisecond, func(string) {}), "ca_certificate", "ca_unknown")
}
