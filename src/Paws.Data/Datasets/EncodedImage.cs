using System.Buffers;
using System.Runtime.InteropServices;
using Paws.Data.Augment;
using SkiaSharp;

namespace Paws.Data.Datasets;

/// <summary>An image file whose header has been read: it knows its size, and is decoded when somebody knows how large it is needed.</summary>
internal sealed unsafe class EncodedImage : IDisposable
{
    private MemoryHandle pin;
    private SKData? data;
    private SKCodec? codec;

    /// <summary>Reads the header.</summary>
    /// <param name="file">The file's bytes.</param>
    /// <param name="problem">Null, or what is wrong with the file in a few words; there is no image then.</param>
    public static EncodedImage? Open(byte[] file, out string? problem)
    {
        problem = file.Length == 0 ? "it is empty" : null;
        if (problem is not null)
        {
            return null;
        }
        var image = new EncodedImage { pin = file.AsMemory().Pin() };
        image.data = SKData.Create((nint)image.pin.Pointer, file.Length);
        image.codec = SKCodec.Create(image.data);
        if (image.codec is null)
        {
            image.Dispose();
            problem = "it is not an image of a known format";
            return null;
        }
        (image.Width, image.Height) = (image.codec.Info.Width, image.codec.Info.Height);
        return image;
    }

    /// <summary>Pixels in a row.</summary>
    public int Width { get; private set; }

    /// <summary>Rows.</summary>
    public int Height { get; private set; }

    /// <summary>Decodes to four bytes a pixel, the last of which means nothing.</summary>
    /// <param name="reduction">1, or where the format can, 2, 4 or 8: a side is that much shorter, rounded up.</param>
    /// <param name="memory">Where to; taken anew when it is too small.</param>
    /// <param name="problem">Null, or what is wrong with the file in a few words.</param>
    public PixelRows Decode(int reduction, ref byte[] memory, out string? problem)
    {
        var (width, height) = (Width, Height);
        if (reduction > 1)
        {
            var scaled = codec!.GetScaledDimensions(1f / reduction);
            var wanted = ((Width + reduction - 1) / reduction, (Height + reduction - 1) / reduction);
            (width, height, reduction) =
                (scaled.Width, scaled.Height) == wanted ? (scaled.Width, scaled.Height, reduction) : (width, height, 1);
        }
        long bytes = 4L * width * height;
        if (bytes > Array.MaxLength)
        {
            problem = $"it is too large ({width} × {height} pixels)";
            return default;
        }
        if (memory.Length < bytes)
        {
            memory = GC.AllocateUninitializedArray<byte>((int)bytes);
        }
        // No colour space in the request: pixels come as stored.
        var request = new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Unpremul);
        SKCodecResult result;
        fixed (byte* target = memory)
        {
            result = codec!.GetPixels(request, (nint)target);
        }
        problem = result switch
        {
            SKCodecResult.Success => null,
            SKCodecResult.IncompleteInput => "it is cut off",
            _ => $"decoding failed ({result})",
        };
        var pixels = memory.AsSpan(0, (int)bytes);
        if (problem is null && codec.Info.AlphaType != SKAlphaType.Opaque)
        {
            OverWhite(pixels);
        }
        return new PixelRows(pixels, 4, Width, Height, reduction);
    }

    public void Dispose()
    {
        codec?.Dispose();
        data?.Dispose();
        pin.Dispose();
    }

    private static void OverWhite(Span<byte> rgba)
    {
        foreach (ref uint pixel in MemoryMarshal.Cast<byte, uint>(rgba))
        {
            uint alpha = pixel >> 24;
            pixel = Blend(pixel & 255, alpha) | (Blend((pixel >> 8) & 255, alpha) << 8) | (Blend((pixel >> 16) & 255, alpha) << 16);
        }
    }

    private static uint Blend(uint colour, uint alpha) => ((colour * alpha) + (255 * (255 - alpha)) + 127) / 255;
}
