namespace Paws.Data.Datasets;

/// <summary>A decoded image: interleaved RGB, one byte a channel, rows from the top, no padding between rows.</summary>
/// <param name="Pixels">Width · Height · 3 bytes.</param>
/// <param name="Width">Pixels in a row, at least 1.</param>
/// <param name="Height">Rows, at least 1.</param>
public readonly record struct RgbImage(ReadOnlyMemory<byte> Pixels, int Width, int Height);
