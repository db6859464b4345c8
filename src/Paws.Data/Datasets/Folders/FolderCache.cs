using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;

namespace Paws.Data.Datasets.Folders;

/// <summary>
/// Decodes a folder's images once and keeps them. The cache belongs to the folder's path; it is used only while every file's
/// path, size and time are what they were, and made anew otherwise, or when it is damaged.
/// </summary>
internal sealed class FolderCache(FolderListing listing, FolderOptions options)
{
    private const string Advice =
        $"name another cache folder with {FolderOptions.CacheVariable}=DIR, or {FolderOptions.CacheVariable}=off for none";

    private static readonly TimeSpan SilentWait = TimeSpan.FromSeconds(2);

    private readonly byte[] fingerprint = Fingerprint(listing);

    private string? FilePath
    {
        get
        {
            if ((options.CacheDirectory ?? FolderOptions.DefaultCacheDirectory) is not { } folder)
            {
                return null;
            }
            var path = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(listing.Root)).AsSpan(0, 8));
            return Path.Combine(Path.GetFullPath(folder), $"{Path.GetFileName(listing.Root)}-{path}.images");
        }
    }

    /// <summary>
    /// The folder's cache, made if need be: with pixels when they fit the limit; without, when only bad images are wanted known;
    /// null when the images are many and large and none are to be skipped.
    /// </summary>
    public CacheFile? Open()
    {
        if (FilePath is not { } path)
        {
            if (!FolderOptions.CacheIsOff)
            {
                options.Notice?.Invoke($"there is no home folder to keep decoded images in: they are decoded anew each time; {Advice}");
            }
            return InMemory();
        }
        try
        {
            if (Existing(path) is { } ready)
            {
                return ready;
            }

            var sizes = Sizes();
            if (sizes is null && !options.SkipBadImages)
            {
                return null;
            }

            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            // Processes that start together: one makes the cache, the others wait and then find it.
            using var turn = WaitForTurn(path + ".lock");
            DeleteLeftovers(path);
            return Existing(path) ?? Make(path, sizes);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            var problem = $"The cache {path} cannot be written: {error.Message.TrimEnd('.')}";
            if (options.CacheDirectory is not null)
            {
                throw new DataException($"{problem}. Free some space, or {Advice}.", error);
            }
            options.Notice?.Invoke($"{problem}: images are decoded into memory, and anew each time; {Advice}");
            return InMemory();
        }
    }

    private CacheFile? InMemory()
    {
        var sizes = Sizes();
        if (sizes is null && !options.SkipBadImages)
        {
            return null;
        }
        var (images, pixelBytes) = Places(sizes);
        var cache = CacheFile.InMemory(images, pixelBytes);
        try
        {
            return Fill(cache, images, pixelBytes);
        }
        catch
        {
            ((IDisposable)cache).Dispose();
            throw;
        }
    }

    private CacheFile? Existing(string path)
    {
        var cache = CacheFile.TryOpen(path, fingerprint, listing.Files.Length);
        var total = 0L;
        foreach (var image in cache is null ? [] : cache.Images)
        {
            total += image.Bytes;
        }

        // A file made under another limit holds pixels that are not wanted, or lacks those that are.
        if (cache is not null && total > 0 && cache.HasPixels != total <= options.CacheLimit)
        {
            ((IDisposable)cache).Dispose();
            return null;
        }

        return cache;
    }

    /// <summary>Size of every image from its header; null as soon as they exceed the limit.</summary>
    private (int Width, int Height)[]? Sizes()
    {
        // A compressed file is smaller than its pixels, so this saves reading a million headers.
        if (listing.Files.Sum(file => file.Bytes) > options.CacheLimit)
        {
            return null;
        }

        var sizes = new (int Width, int Height)[listing.Files.Length];
        var total = 0L;
        Parallel.For(
            0,
            sizes.Length,
            new ParallelOptions { CancellationToken = options.Cancellation },
            (i, loop) =>
            {
                sizes[i] = ImageDecoder.ReadSize(listing.FullPath(listing.Files[i]));
                if (Interlocked.Add(ref total, 3L * sizes[i].Width * sizes[i].Height) > options.CacheLimit)
                {
                    loop.Stop();
                }
            }
        );
        return total > options.CacheLimit ? null : sizes;
    }

    /// <summary>Where each image will lie, and how many bytes they take; nowhere and none without sizes.</summary>
    private (PackedImage[] Images, long PixelBytes) Places((int Width, int Height)[]? sizes)
    {
        var images = new PackedImage[listing.Files.Length];
        var offset = 0L;
        for (var i = 0; sizes is not null && i < images.Length; i++)
        {
            images[i] = new(offset, sizes[i].Width, sizes[i].Height);
            offset += images[i].Bytes;
        }
        return (images, offset);
    }

    private CacheFile Make(string path, (int Width, int Height)[]? sizes)
    {
        var (images, pixelBytes) = Places(sizes);
        var aside = $"{path}.{Guid.NewGuid():N}.tmp";
        try
        {
            using (var cache = (IDisposable)CacheFile.Create(aside, images, pixelBytes))
            {
                Fill((CacheFile)cache, images, pixelBytes).Finish(fingerprint);
            }

            File.Move(aside, path, overwrite: true);
        }
        finally
        {
            File.Delete(aside);
        }

        return CacheFile.TryOpen(path, fingerprint, images.Length)
            ?? throw new IOException("what was written does not read back; the disk may be full");
    }

    /// <summary>Decodes all images into a cache; without pixels, only finds out which can be read.</summary>
    private CacheFile Fill(CacheFile cache, PackedImage[] images, long pixelBytes)
    {
        var progress = new Steps(images.Length, options.Progress);
        Parallel.For(
            0,
            images.Length,
            new ParallelOptions { CancellationToken = options.Cancellation },
            i =>
            {
                var (offset, width, height) = images[i];
                var problem = ImageDecoder.TryDecode(
                    listing.FullPath(listing.Files[i]),
                    pixelBytes == 0
                        ? null
                        : (w, h) =>
                            (w, h) == (width, height)
                                ? cache.Memory.Slice((int)offset, w * h * 3)
                                : throw new IOException("it changed while it was read"),
                    out var size
                );
                cache.Images[i] = problem is null ? new(offset, size.Width, size.Height) : new(offset, 0, 0);
                progress.Advance();
            }
        );
        return cache;
    }

    /// <summary>Half-made caches of processes that were killed: whoever holds the lock knows that nobody works on them.</summary>
    private static void DeleteLeftovers(string path)
    {
        foreach (var leftover in Directory.EnumerateFiles(Path.GetDirectoryName(path)!, Path.GetFileName(path) + ".*.tmp"))
        {
            File.Delete(leftover);
        }
    }

    private LockFile WaitForTurn(string path)
    {
        var clock = Stopwatch.StartNew();
        var said = false;
        while (true)
        {
            options.Cancellation.ThrowIfCancellationRequested();
            if (LockFile.TryTake(path, out var holder, keep: true) is { } turn)
            {
                return turn;
            }
            if (!said && clock.Elapsed > SilentWait)
            {
                said = true;
                options.Notice?.Invoke(
                    $"waiting for the cache of {listing.Root}: {path} is held by {holder?.Words ?? "another process"}; {Advice}"
                );
            }
            options.Cancellation.WaitHandle.WaitOne(100);
        }
    }

    private static byte[] Fingerprint(FolderListing listing)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var file in listing.Files)
        {
            hash.AppendData(Encoding.UTF8.GetBytes($"{file.Path}\0{file.Bytes}\0{file.Modified}\n"));
        }

        return hash.GetHashAndReset();
    }
}
