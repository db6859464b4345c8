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
    /// <exception cref="DataException">It cannot be read.</exception>
    public static RgbImage Decode(string path)
    {
        byte[] pixels = [];
        var problem = TryDecode(
            path,
            (width, height) => pixels = GC.AllocateUninitializedArray<byte>(checked(width * height * 3)),
            out var size
        );
        return problem is null
            ? new(pixels, size.Width, size.Height)
            : throw new DataException(
                $"{path} cannot be read: {problem}. Replace or delete it, or skip such images with data.skip_bad_images."
            );
    }

    /// <summary>Decodes a file into memory that <paramref name="place"/> supplies for its size; without it, only checks the file.</summary>
    /// <returns>Null, or what is wrong with the file in a few words.</returns>
    public static string? TryDecode(string path, Func<int, int, Memory<byte>>? place, out (int Width, int Height) size)
    {
        size = default;
        try
        {
            var file = File.ReadAllBytes(path);
            return file.Length == 0 ? "it is empty" : Decode(file, place, out size);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or OverflowException)
        {
            return error.Message.TrimEnd('.');
        }
    }

    private static unsafe string? Decode(byte[] file, Func<int, int, Memory<byte>>? place, out (int Width, int Height) size)
    {
        size = default;
        fixed (byte* bytes = file)
        {
            using var data = SKData.Create((nint)bytes, file.Length);
            using var codec = SKCodec.Create(data);
            if (codec is null)
            {
                return "it is not an image of a known format";
            }

            size = (codec.Info.Width, codec.Info.Height);
            var rgba = ArrayPool<byte>.Shared.Rent(checked(size.Width * size.Height * 4));
            try
            {
                SKCodecResult result;
                fixed (byte* target = rgba)
                {
                    // No colour space in the request: pixels come as stored.
                    var request = new SKImageInfo(size.Width, size.Height, SKColorType.Rgba8888, SKAlphaType.Unpremul);
                    result = codec.GetPixels(request, (nint)target);
                }

                if (result != SKCodecResult.Success)
                {
                    return result == SKCodecResult.IncompleteInput ? "it is cut off" : $"decoding failed ({result})";
                }

                if (place is null)
                {
                    return null;
                }

                var rgb = place(size.Width, size.Height).Span;
                var pixels = MemoryMarshal.Cast<byte, uint>(rgba.AsSpan(0, size.Width * size.Height * 4));
                if (codec.Info.AlphaType == SKAlphaType.Opaque)
                {
                    DropAlpha(pixels, rgb);
                }
                else
                {
                    OverWhite(pixels, rgb);
                }

                return null;
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(rgba);
            }
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

    private static void OverWhite(ReadOnlySpan<uint> rgba, Span<byte> rgb)
    {
        for (int i = 0, o = 0; i < rgba.Length; i++, o += 3)
        {
            var pixel = rgba[i];
            var alpha = pixel >> 24;
            rgb[o + 2] = Blend((pixel >> 16) & 255, alpha);
            rgb[o] = Blend(pixel & 255, alpha);
            rgb[o + 1] = Blend((pixel >> 8) & 255, alpha);
        }
    }

    private static byte Blend(uint colour, uint alpha) => (byte)(((colour * alpha) + (255 * (255 - alpha)) + 127) / 255);
}
