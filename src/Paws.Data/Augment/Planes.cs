namespace Paws.Data.Augment;

/// <summary>
/// An image as three planes of bytes, the form in which colour is worked on: channels side by side suit vector instructions
/// better than interleaved ones. Each plane is padded by at least 16 bytes to a multiple of 64, so that a kernel that treats every pixel
/// alike may run over the padding instead of minding a tail; what stands there means nothing.
/// </summary>
internal sealed class Planes
{
    private byte[] bytes = [];

    /// <summary>Pixels in a row.</summary>
    public int Width { get; private set; }

    /// <summary>Rows.</summary>
    public int Height { get; private set; }

    /// <summary>Pixels.</summary>
    public int Count => Width * Height;

    /// <summary>Bytes of a plane with its padding.</summary>
    public int Padded { get; private set; }

    /// <summary>Red, with padding.</summary>
    public Span<byte> R => bytes.AsSpan(0, Padded);

    /// <summary>Green, with padding.</summary>
    public Span<byte> G => bytes.AsSpan(Padded, Padded);

    /// <summary>Blue, with padding.</summary>
    public Span<byte> B => bytes.AsSpan(2 * Padded, Padded);

    /// <summary>All three planes with their padding.</summary>
    public Span<byte> All => bytes.AsSpan(0, 3 * Padded);

    /// <summary>Plane 0, 1 or 2 without its padding.</summary>
    public Span<byte> Channel(int channel) => bytes.AsSpan(channel * Padded, Count);

    /// <summary>Sets the size; memory is only taken when it grows. Contents are undefined afterwards.</summary>
    public void Reshape(int width, int height)
    {
        (Width, Height) = (width, height);
        Padded = (width * height + 16 + 63) & ~63;
        if (bytes.Length < 3 * Padded)
            bytes = new byte[3 * Padded];
    }

    /// <summary>Takes an interleaved image over.</summary>
    public void FromInterleaved(ReadOnlySpan<byte> rgb, int width, int height)
    {
        Reshape(width, height);
        var r = R;
        var g = G;
        var b = B;
        for (int i = 0; i < Count; i++)
            (r[i], g[i], b[i]) = (rgb[3 * i], rgb[3 * i + 1], rgb[3 * i + 2]);
    }

    /// <summary>The image interleaved again.</summary>
    public byte[] ToInterleaved()
    {
        var rgb = new byte[3 * Count];
        var r = R;
        var g = G;
        var b = B;
        for (int i = 0; i < Count; i++)
            (rgb[3 * i], rgb[3 * i + 1], rgb[3 * i + 2]) = (r[i], g[i], b[i]);
        return rgb;
    }
}
