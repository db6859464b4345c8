using System.Buffers;
using System.Runtime.InteropServices;
using SkiaSharp;

namespace Paws.Data.Datasets;

/// <summary>
/// JPEG, PNG, BMP and WebP files to 8-bit RGB. Grey and palette images are expanded, CMYK is converted, transparent pixels
/// are laid over white. Colour profiles and EXIF orientation are ignored, as is usual when training on such images.
/// </summary>
internal static class ImageDecoder
{
    private static readonly HashSet<string> Extensions = new([".jpg", ".jpeg", ".png", ".bmp", ".webp"], StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether the file name ends like an image's.</summary>
    public static bool IsImage(string path) => Extensions.Contains(Path.GetExtension(path));

    /// <summary>Width and height from the file's header, (0, 0) if it has none.</summary>
    public static (int Width, int Height) ReadSize(string path)
    {
        using var codec = SKCodec.Create(path, out var result);
        return result == SKCodecResult.Success && codec is not null ? (codec.Info.Width, codec.Info.Height) : (0, 0);
    }

    /// <summary>Decodes a file into memory of its own.</summary>
    /// <param name="file">The file's bytes.</param>
    /// <param name="name">What messages call it.</param>
    /// <exception cref="DataException">It cannot be read.</exception>
    public static RgbImage Decode(byte[] file, string name)
    {
        byte[] pixels = [];
        var problem = Decode(
            file,
            (width, height) => pixels = GC.AllocateUninitializedArray<byte>(checked(width * height * 3)),
            out var size
        );
        return problem is null ? new(pixels, size.Width, size.Height) : throw Unreadable(name, problem);
    }

    /// <summary>A file's bytes.</summary>
    /// <exception cref="DataException">It cannot be read.</exception>
    public static byte[] ReadFile(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(path, error.Message.TrimEnd('.'));
        }
    }

    /// <summary>The mistake that a file is not what it should be.</summary>
    public static DataException Unreadable(string path, string problem) => DataException.Unreadable(new(path, problem));

    /// <summary>Decodes a file into memory that <paramref name="place"/> supplies for its size; without it, only checks the file.</summary>
    /// <returns>Null, or what is wrong with the file in a few words.</returns>
    public static string? TryDecode(string path, Func<int, int, Memory<byte>>? place, out (int Width, int Height) size)
    {
        size = default;
        try
        {
            return Decode(File.ReadAllBytes(path), place, out size);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or OverflowException)
        {
            return error.Message.TrimEnd('.');
        }
    }

    private static string? Decode(byte[] file, Func<int, int, Memory<byte>>? place, out (int Width, int Height) size)
    {
        size = default;
        using var image = EncodedImage.Open(file, out var problem);
        if (image is null)
        {
            return problem;
        }
        size = (image.Width, image.Height);
        var rgba = ArrayPool<byte>.Shared.Rent(checked(size.Width * size.Height * 4));
        var taken = rgba;
        try
        {
            var pixels = image.Decode(1, ref taken, out problem);
            if (problem is null && place is not null)
            {
                DropAlpha(MemoryMarshal.Cast<byte, uint>(pixels.Pixels), place(size.Width, size.Height).Span);
            }
            return problem;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rgba);
        }
    }

    private static void DropAlpha(ReadOnlySpan<uint> rgba, Span<byte> rgb)
    {
        for (int i = 0, o = 0; i < rgba.Length; i++, o += 3)
        {
            var pixel = rgba[i];
            rgb[o + 2] = (byte)(pixel >> 16);
            rgb[o] = (byte)pixel;
            rgb[o + 1] = (byte)(pixel >> 8);
        }
    }
}
