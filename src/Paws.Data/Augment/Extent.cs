namespace Paws.Data.Augment;

/// <summary>A crop box along one axis of an image that may have been decoded at a part of its size.</summary>
internal readonly record struct Extent
{
    /// <param name="start">First pixel of the box, in the full image.</param>
    /// <param name="length">Pixels of the box, in the full image.</param>
    /// <param name="reduction">How many pixels of the full image one decoded pixel stands for.</param>
    /// <param name="decoded">Decoded pixels along the axis.</param>
    public Extent(int start, int length, int reduction, int decoded)
    {
        First = start / reduction;
        Pixels = Math.Min(decoded, (start + length + reduction - 1) / reduction) - First;
        Offset = (double)(start - First * reduction) / reduction;
        Length = (double)length / reduction;
    }

    /// <summary>First decoded pixel that the box touches.</summary>
    public int First { get; }

    /// <summary>Decoded pixels that the box touches.</summary>
    public int Pixels { get; }

    /// <summary>Where the box begins, in decoded pixels from the start of the first one, in [0, 1).</summary>
    public double Offset { get; }

    /// <summary>Length of the box in decoded pixels; whole where the image was decoded at its full size.</summary>
    public double Length { get; }
}
