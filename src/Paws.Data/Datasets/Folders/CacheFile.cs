using System.Buffers;
using System.Buffers.Binary;
using System.IO.MemoryMappedFiles;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Paws.Data.Datasets.Folders;

/// <summary>
/// A file of decoded images, mapped into memory. Layout, little-endian: 8 bytes magic, 32 bytes fingerprint of the source,
/// 4 bytes image count, 4 bytes zero, 8 bytes pixel bytes, 8 bytes checksum of all that follows; then for each image
/// 8 bytes offset, 4 bytes width, 4 bytes height (0 × 0 cannot be read); then the pixels, interleaved RGB.
/// A file that only remembers which images are readable has sizes but no pixels.
/// </summary>
internal sealed unsafe class CacheFile : MemoryManager<byte>
{
    private const int HeaderBytes = 64;
    private const int EntryBytes = 16;

    // Null where the memory is the process's own.
    private readonly MemoryMappedFile? file;
    private readonly MemoryMappedViewAccessor? view;
    private readonly byte* start;
    private readonly int pixelBytes;
    private readonly long length;
    private bool disposed;

    private CacheFile(FileStream stream, int count, long pixelBytes, long length, MemoryMappedFileAccess access)
    {
        file = MemoryMappedFile.CreateFromFile(stream, null, length, access, HandleInheritability.None, leaveOpen: false);
        view = file.CreateViewAccessor(0, length, access);
        view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
        Count = count;
        this.pixelBytes = (int)pixelBytes;
        this.length = length;
    }

    private CacheFile(PackedImage[] images, long pixelBytes)
    {
        Count = images.Length;
        this.pixelBytes = (int)pixelBytes;
        length = HeaderBytes + ((long)images.Length * EntryBytes) + pixelBytes;
        start = (byte*)NativeMemory.Alloc((nuint)length);
        images.CopyTo(Images);
    }

    private static ReadOnlySpan<byte> Magic => "PAWSIMG1"u8;

    /// <summary>Number of images.</summary>
    public int Count { get; }

    /// <summary>Whether the pixels are here, not only the sizes.</summary>
    public bool HasPixels => pixelBytes > 0;

    /// <summary>Where each image lies.</summary>
    public Span<PackedImage> Images => MemoryMarshal.Cast<byte, PackedImage>(new Span<byte>(start + HeaderBytes, Count * EntryBytes));

    /// <summary>A new file for images at the given places.</summary>
    public static CacheFile Create(string path, PackedImage[] images, long pixelBytes)
    {
        var length = HeaderBytes + ((long)images.Length * EntryBytes) + pixelBytes;
        // Space is reserved first: a disk that fills up while mapped memory is written ends the process instead of failing.
        var stream = new FileStream(
            path,
            new FileStreamOptions
            {
                Mode = FileMode.Create,
                Access = FileAccess.ReadWrite,
                Share = FileShare.None,
                PreallocationSize = length,
            }
        );
        stream.SetLength(length);
        var cache = new CacheFile(stream, images.Length, pixelBytes, length, MemoryMappedFileAccess.ReadWrite);
        images.CopyTo(cache.Images);
        return cache;
    }

    /// <summary>The same without a file, for where none can be written: gone when the process ends.</summary>
    public static CacheFile InMemory(PackedImage[] images, long pixelBytes) => new(images, pixelBytes);

    /// <summary>Opens a file if it is whole and was made from exactly this source; otherwise null.</summary>
    public static CacheFile? TryOpen(string path, ReadOnlySpan<byte> fingerprint, int count)
    {
        FileStream? stream = null;
        try
        {
            if (!File.Exists(path))
            {
                return null;
            }

            stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            Span<byte> header = stackalloc byte[HeaderBytes];
            stream.ReadExactly(header);
            var pixelBytes = BinaryPrimitives.ReadInt64LittleEndian(header[48..]);
            var length = HeaderBytes + ((long)count * EntryBytes) + pixelBytes;
            if (
                !header[..8].SequenceEqual(Magic)
                || !header.Slice(8, 32).SequenceEqual(fingerprint)
                || BinaryPrimitives.ReadInt32LittleEndian(header[40..]) != count
                || pixelBytes is < 0 or > int.MaxValue
                || stream.Length != length
            )
            {
                stream.Dispose();
                return null;
            }

            var cache = new CacheFile(stream, count, pixelBytes, length, MemoryMappedFileAccess.Read);
            if (BinaryPrimitives.ReadUInt64LittleEndian(header[56..]) == cache.Checksum())
            {
                return cache;
            }

            ((IDisposable)cache).Dispose();
            return null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            stream?.Dispose();
            return null;
        }
    }

    /// <summary>Writes the header: from here on the file counts as whole.</summary>
    public void Finish(ReadOnlySpan<byte> fingerprint)
    {
        var header = new Span<byte>(start, HeaderBytes);
        header.Clear();
        Magic.CopyTo(header);
        fingerprint.CopyTo(header[8..]);
        BinaryPrimitives.WriteInt32LittleEndian(header[40..], Count);
        BinaryPrimitives.WriteInt64LittleEndian(header[48..], pixelBytes);
        BinaryPrimitives.WriteUInt64LittleEndian(header[56..], Checksum());
        view!.Flush();
    }

    /// <inheritdoc />
    public override Span<byte> GetSpan()
    {
        ObjectDisposedException.ThrowIf(disposed, typeof(IImageDataset));
        return new(start + length - pixelBytes, pixelBytes);
    }

    /// <inheritdoc />
    public override MemoryHandle Pin(int elementIndex = 0)
    {
        ObjectDisposedException.ThrowIf(disposed, typeof(IImageDataset));
        return new(start + length - pixelBytes + elementIndex);
    }

    /// <inheritdoc />
    public override void Unpin() { }

    /// <inheritdoc />
    protected override void Dispose(bool disposing)
    {
        if (!disposed)
        {
            disposed = true;
            if (view is null)
            {
                NativeMemory.Free(start);
                return;
            }
            view.SafeMemoryMappedViewHandle.ReleasePointer();
            view.Dispose();
            file!.Dispose();
        }
    }

    /// <summary>CRC-32C over four interleaved lanes (so that the processor's latency does not bound it), folded into 64 bits.</summary>
    private ulong Checksum()
    {
        uint a = 0,
            b = 0,
            c = 0,
            d = 0;
        var at = start + HeaderBytes;
        var end = start + length;
        for (; at + 32 <= end; at += 32)
        {
            a = BitOperations.Crc32C(a, *(ulong*)at);
            b = BitOperations.Crc32C(b, *(ulong*)(at + 8));
            c = BitOperations.Crc32C(c, *(ulong*)(at + 16));
            d = BitOperations.Crc32C(d, *(ulong*)(at + 24));
        }

        for (; at < end; at++)
        {
            a = BitOperations.Crc32C(a, *at);
        }

        return (((ulong)a << 32) | b) ^ BitOperations.RotateLeft(((ulong)c << 32) | d, 17);
    }
}
