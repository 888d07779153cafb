package servers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// The environment variables that tell tests where the servers are.
const (
	envMySQL    = "ACCOUNT_RESOURCE_TEST_MYSQL"     // go-sql-driver DSN over the socket, ends with "/"; everything is allowed
	envMySQLTCP = "ACCOUNT_RESOURCE_TEST_MYSQL_TCP" // the same over TCP, with a password
	envPostgres = "ACCOUNT_RESOURCE_TEST_PGSQL"     // postgres:// URL of a superuser
	envSamba    = "ACCOUNT_RESOURCE_TEST_SAMBA"     // Directory in JSON
	envSlapd    = "ACCOUNT_RESOURCE_TEST_SLAPD"     // LDAPServer in JSON
)

// Set is all the servers, running.
type Set struct {
	dir     string
	mu      sync.Mutex
	running []*process
	environ []string
}

// StartTimeout is how long all servers together may take to start.
const StartTimeout = 2 * time.Minute

// Start starts every server, side by side, in a new temporary folder. durable makes the databases wait for the disk
// as they do in service; tests have no use for that, measurements do. An error means that nothing runs.
func Start(ctx context.Context, durable bool) (*Set, error) {
	ctx, cancel := context.WithTimeout(ctx, StartTimeout)
	defer cancel()
	dir, err := os.MkdirTemp("", "account-resource-servers-")
	if err != nil {
		return nil, fmt.Errorf("make a folder for the servers: %w", err)
	}
	s := &Set{dir: dir}
	if err := os.Chmod(dir, 0o711); err != nil { // postgresql passes through as another user
		return nil, errors.Join(fmt.Errorf("open the servers' folder: %w", err), s.Stop())
	}
	starters := map[string]func(context.Context, string) error{
		"samba":      s.samba,
		"mariadb":    func(ctx context.Context, dir string) error { return s.mariadb(ctx, dir, durable) },
		"postgresql": func(ctx context.Context, dir string) error { return s.postgresql(ctx, dir, durable) },
		"slapd":      func(ctx context.Context, dir string) error { return s.slapd(ctx, dir, durable) },
	}
	results := make(chan error)
	for name, starter := range starters {
		go func() { results <- s.startIn(ctx, name, starter) }()
	}
	var errs []error
	for range starters {
		errs = append(errs, <-results)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}

func (s *Set) startIn(ctx context.Context, name string, starter func(context.Context, string) error) error {
	dir := filepath.Join(s.dir, name)
	if err := os.Mkdir(dir, 0o755); err != nil {
		return fmt.Errorf("make a folder for %s: %w", name, err)
	}
	if err := starter(ctx, dir); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

func (s *Set) samba(ctx context.Context, dir string) error {
	directory, p, err := startSamba(ctx, dir)
	if err != nil {
		return err
	}
	text, err := json.Marshal(directory)
	s.add(p, envSamba+"="+string(text))
	return err
}

func (s *Set) mariadb(ctx context.Context, dir string, durable bool) error {
	socket, tcp, p, err := startMariaDB(ctx, dir, durable)
	if err != nil {
		return err
	}
	s.add(p, envMySQL+"="+socket, envMySQLTCP+"="+tcp)
	return nil
}

func (s *Set) postgresql(ctx context.Context, dir string, durable bool) error {
	url, p, err := startPostgreSQL(ctx, dir, durable)
	if err != nil {
		return err
	}
	s.add(p, envPostgres+"="+url)
	return nil
}

func (s *Set) slapd(ctx context.Context, dir string, durable bool) error {
	server, p, err := startSlapd(ctx, dir, durable)
	if err != nil {
		return err
	}
	text, err := json.Marshal(server)
	s.add(p, envSlapd+"="+string(text))
	return err
}

func (s *Set) add(p *process, environ ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running = append(s.running, p)
	s.environ = append(s.environ, environ...)
}

// Environ is what tests need in their environment, as "NAME=value".
func (s *Set) Environ() []string { return s.environ }

// Stop ends the servers, side by side, and removes their folder.
func (s *Set) Stop() error {
	var wg sync.WaitGroup
	for _, p := range s.running {
		wg.Go(p.stop)
	}
	wg.Wait()
	if err := os.RemoveAll(s.dir); err != nil {
		return fmt.Errorf("remove the servers' folder: %w", err)
	}
	return nil
}
