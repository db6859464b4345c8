namespace Paws.Data.Loading;

/// <summary>Element type of a batch: normalised pixels in the encoder's input type.</summary>
public enum PixelType
{
    /// <summary>IEEE single precision, 4 bytes.</summary>
    Float32,

    /// <summary>bfloat16, 2 bytes, rounded to nearest even.</summary>
    BFloat16,
}
