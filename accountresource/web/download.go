package web

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/mailpanel/account-resource/accountresource/recovered"
)

// downloadTime is the longest that a download may take.
const downloadTime = 15 * time.Minute

// file is what a download sends.
type file struct {
	name    string
	columns []string // keys of texts
	cells   func(row) []string
	// produce finds the rows until its context ends, which is not that of the request.
	produce func(context.Context, func(row) error) error
	slots   *slots
	busy    *refusal // where there is no free slot
	limit   time.Duration
}

// download sends rows as a CSV file while they are found, so that its size does not matter. What goes wrong before the
// first row is returned; afterwards the answer is broken off, so that nobody takes a part for the whole. The slot is held
// until the last row is found and taken.
func (w *Web) download(r *request, f file) error {
	titles := make([]string, len(f.columns))
	for i, key := range f.columns {
		titles[i] = r.T(key)
	}
	if !f.slots.take() {
		return w.full(f.busy)
	}
	ctx, cancel := w.attend(w.life, clientOf(r.Ctx), f.limit)
	reader, writer := io.Pipe()
	context.AfterFunc(ctx, func() { _ = writer.CloseWithError(context.Cause(ctx)) }) // nothing may wait for a reader for ever
	begun, ended := make(chan struct{}), make(chan error, 1)
	begin := sync.OnceFunc(func() { close(begun) })
	path := strings.Clone(r.Path()) // the request's own is gone when the work goes on
	go func() {
		defer f.slots.give()
		defer cancel()
		err := w.fill(ctx, writer, titles, f, begin, ended)
		if err != nil && !errors.Is(err, io.ErrClosedPipe) && !errors.Is(err, errGone) && !errors.Is(err, errClosed) {
			w.logProblem(ctx, "send a download", err, "path", path)
		}
		_ = writer.CloseWithError(err)
	}()
	select {
	case <-begun:
	case err := <-ended:
		if err != nil {
			_ = reader.Close()
			return fmt.Errorf("find the rows of a download: %w", err)
		}
	}
	r.Set(fiber.HeaderContentType, "text/csv; charset=utf-8")
	r.Set(fiber.HeaderContentDisposition, `attachment; filename="`+f.name+`.csv"`)
	r.Context().Response.SetConnectionClose() // the deadline of its last write is for nothing else
	r.Context().SetBodyStream(&timed{reader, r.Context().Conn(), w.writeTime}, -1)
	return nil
}

// fill writes the file. What becomes of produce goes to ended before the last rows are sent.
func (w *Web) fill(ctx context.Context, to io.Writer, titles []string, f file, begin func(), ended chan<- error) error {
	buffer := bufio.NewWriterSize(to, 1<<16)
	_, _ = buffer.WriteString(byteOrderMark) // the buffer keeps an error until it is flushed
	writeCells(buffer, titles)
	err := recovered.Do(func() error {
		return f.produce(ctx, func(found row) error {
			begin()
			return writeCells(buffer, f.cells(found))
		})
	})
	if over := broken(ctx); err != nil && over != nil {
		err = over
	}
	ended <- err
	if err == nil {
		err = buffer.Flush()
	}
	return err
}

// timed is a body whose client has a limited time to take each piece of it.
type timed struct {
	*io.PipeReader
	conn  net.Conn
	limit time.Duration
}

func (t *timed) Read(piece []byte) (int, error) {
	n, err := t.PipeReader.Read(piece)
	_ = t.conn.SetWriteDeadline(time.Now().Add(t.limit)) // a connection without deadlines is as good
	return n, err
}
