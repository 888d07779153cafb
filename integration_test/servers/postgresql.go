package servers

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"

	_ "github.com/lib/pq" // the driver "postgres"
)

// startPostgreSQL makes an empty cluster in dir and serves it on a TCP port of 127.0.0.1. The result is a URL of its
// database postgres for a superuser.
func startPostgreSQL(ctx context.Context, dir string, durable bool) (url string, p *process, err error) {
	credential, err := postgresCredential(dir)
	if err != nil {
		return "", nil, err
	}
	data := filepath.Join(dir, "data")
	err = run(ctx, dir, credential, postgresProgram("initdb"), "--pgdata="+data, "--username=postgres", "--auth=trust",
		"--encoding=UTF8", "--locale=C.UTF-8", "--no-sync")
	if err != nil {
		return "", nil, fmt.Errorf("make a cluster for postgresql: %w", err)
	}
	port, err := freePort()
	if err != nil {
		return "", nil, err
	}
	args := []string{"-D", data, "-k", dir, "-h", "127.0.0.1", "-p", strconv.Itoa(port),
		"-c", "timezone=Asia/Tokyo", "-c", "max_connections=200"}
	if !durable {
		args = append(args, "-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off")
	}
	if p, err = start("postgresql", dir, credential, postgresProgram("postgres"), args...); err != nil {
		return "", nil, err
	}
	url = fmt.Sprintf("postgres://postgres@127.0.0.1:%d/postgres?sslmode=disable", port)
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	if err := p.await(ctx, func(ctx context.Context) error { return ping(ctx, "postgres", url) }); err != nil {
		p.stop()
		return "", nil, err
	}
	return url, p, nil
}

// postgresCredential gives dir to the user whom the server runs as: it refuses to run as root.
func postgresCredential(dir string) (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	account, err := user.Lookup("postgres")
	if err != nil {
		return nil, fmt.Errorf("find a user for postgresql: %w", err)
	}
	uid, err := strconv.Atoi(account.Uid)
	if err != nil {
		return nil, fmt.Errorf("find a user for postgresql: %w", err)
	}
	gid, err := strconv.Atoi(account.Gid)
	if err != nil {
		return nil, fmt.Errorf("find a group for postgresql: %w", err)
	}
	if err := os.Chown(dir, uid, gid); err != nil {
		return nil, fmt.Errorf("give postgresql its folder: %w", err)
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}

// postgresProgram finds a program of the newest version that Debian has installed outside of the path.
func postgresProgram(name string) string {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	if err != nil || len(found) == 0 {
		return name
	}
	return slices.Max(found)
}

func ping(ctx context.Context, driver, dsn string) error {
	db, err := sql.Open(driver, dsn)
	if err != nil {
		return fmt.Errorf("open %s: %w", driver, err)
	}
	defer db.Close()
	if err := db.PingContext(ctx); err != nil {
		return fmt.Errorf("ask %s: %w", driver, err)
	}
	return nil
}
