package web

import (
	"bufio"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"
)

// downloadTime is the longest that a download may take.
const downloadTime = 15 * time.Minute

// byteOrderMark tells spreadsheets that the text is UTF-8.
const byteOrderMark = "\uFEFF"

// columns of a download, as texts; what a preview has no values for is left out of it.
var (
	changeColumns = []string{"log_action", "log_account", "csv_kind", "log_dn", "csv_changes", "csv_reason", "csv_source"}
	entryColumns  = append([]string{"log_time", "csv_run"}, append(changeColumns, "csv_detail")...)
)

// download sends rows as a CSV file while they are found, so that its size does not matter. produce works until its
// context ends, which is not that of the request. What goes wrong before the first row is returned; afterwards the
// answer is broken off, so that nobody takes a part for the whole.
func (w *Web) download(
	r *request, name string, columns []string, cells func(row) []string, produce func(context.Context, func(row) error) error,
) error {
	titles := make([]string, len(columns))
	for i, key := range columns {
		titles[i] = r.T(key)
	}
	ctx, cancel := context.WithTimeout(w.life, downloadTime)
	reader, writer := io.Pipe()
	context.AfterFunc(ctx, func() { _ = writer.CloseWithError(context.Cause(ctx)) }) // nobody may wait for a reader for ever
	begun, ended := make(chan struct{}), make(chan error, 1)
	begin := sync.OnceFunc(func() { close(begun) })
	path := strings.Clone(r.Path()) // the request's own is gone when the work goes on
	go func() {
		defer cancel()
		buffer := bufio.NewWriterSize(writer, 1<<16)
		_, _ = buffer.WriteString(byteOrderMark) // the buffer keeps an error until it is flushed
		table := csv.NewWriter(buffer)
		table.UseCRLF = true
		_ = table.Write(guarded(titles))
		err := produce(ctx, func(found row) error {
			begin()
			return table.Write(guarded(cells(found)))
		})
		ended <- err
		if err == nil {
			table.Flush()
			err = errors.Join(table.Error(), buffer.Flush())
		}
		if err != nil && !errors.Is(err, io.ErrClosedPipe) {
			w.cfg.Logger.WarnContext(ctx, "a download was broken off", "path", path, "error", err)
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
	r.Set(fiber.HeaderContentDisposition, `attachment; filename="`+name+`.csv"`)
	r.Context().SetBodyStream(reader, -1)
	return nil
}

// guarded keeps spreadsheets from taking a cell for a formula.
func guarded(cells []string) []string {
	for i, cell := range cells {
		if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
			cells[i] = "'" + cell
		}
	}
	return cells
}

// changeCells are those of changeColumns.
func changeCells(found row) []string {
	changes := make([]string, len(found.Diff))
	for i, d := range found.Diff {
		changes[i] = fmt.Sprintf("%s: %s → %s", d.What, d.Old, d.New)
	}
	return []string{
		found.T(fmt.Sprintf("action_%s", found.Action)), found.Address, found.KindText(), found.DN,
		strings.Join(changes, "; "), found.Reason, string(found.Source),
	}
}

// entryCells are those of entryColumns.
func entryCells(found row) []string {
	first := []string{found.Stamp(found.Time), strconv.FormatInt(found.Run, 10)}
	return append(first, append(changeCells(found), found.Detail)...)
}
