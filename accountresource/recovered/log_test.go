package recovered_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/mailpanel/account-resource/accountresource/recovered"
)

func TestLogSaysWhatWasBeingDone(t *testing.T) {
	var log bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&log, nil))
	recovered.Log(t.Context(), logger, "renew the lease", nil)
	assert.Empty(t, log.String())
	recovered.Log(t.Context(), logger, "renew the lease", errors.New("boom"), "resource", 7)
	assert.Contains(t, log.String(), `level=ERROR msg="renew the lease" error=boom resource=7`)
	assert.NotContains(t, log.String(), "stack")
	log.Reset()
	recovered.Log(t.Context(), logger, "read", fmt.Errorf("page 1: %w", recovered.Do(breaks)), "resource", 7)
	assert.Regexp(t, `level=ERROR msg=read error="page 1: panic: unexpected EOF" resource=7 stack=.*recovered_test.breaks`, log.String())
}

type brokenHandler struct{ slog.Handler }

func (brokenHandler) Enabled(context.Context, slog.Level) bool { return true }

func (brokenHandler) Handle(context.Context, slog.Record) error { panic("no log today") }

func TestALoggerThatPanicsHasNoEffect(t *testing.T) {
	assert.NotPanics(t, func() {
		recovered.Log(t.Context(), slog.New(brokenHandler{slog.DiscardHandler}), "read", recovered.Do(breaks))
	})
}
