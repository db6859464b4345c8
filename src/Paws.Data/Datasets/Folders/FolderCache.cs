using System.Security.Cryptography;
using System.Text;

namespace Paws.Data.Datasets.Folders;

/// <summary>
/// Decodes a folder's images once and keeps them. The cache belongs to the folder's path; it is used only while every file's
/// path, size and time are what they were, and made anew otherwise, or when it is damaged.
/// </summary>
internal sealed class FolderCache(FolderListing listing, FolderOptions options)
{
    private readonly byte[] fingerprint = Fingerprint(listing);

    private string FilePath
    {
        get
        {
            var folder = options.CacheDirectory ?? FolderOptions.DefaultCacheDirectory;
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
        var path = FilePath;
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
            return Existing(path) ?? Make(path, sizes);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new DataException(
                $"The cache {path} cannot be written: {error.Message.TrimEnd('.')}. Free some space, or name another cache folder.",
                error
            );
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

    private CacheFile Make(string path, (int Width, int Height)[]? sizes)
    {
        var images = new PackedImage[listing.Files.Length];
        var offset = 0L;
        for (var i = 0; sizes is not null && i < images.Length; i++)
        {
            images[i] = new(offset, sizes[i].Width, sizes[i].Height);
            offset += images[i].Bytes;
        }

        var aside = $"{path}.{Guid.NewGuid():N}.tmp";
        try
        {
            using (var cache = (IDisposable)Decode(aside, images, offset))
            {
                ((CacheFile)cache).Finish(fingerprint);
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

    private CacheFile Decode(string path, PackedImage[] images, long pixelBytes)
    {
        var cache = CacheFile.Create(path, images, pixelBytes);
        var progress = new Steps(images.Length, options.Progress);
        Parallel.For(
            0,
            images.Length,
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

    private static FileStream WaitForTurn(string path)
    {
        while (true)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.DeleteOnClose);
            }
            catch (IOException) when (File.Exists(path))
            {
                Thread.Sleep(100);
            }
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
