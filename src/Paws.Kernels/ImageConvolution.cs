namespace Paws.Kernels;

/// <summary>
/// A 3 × 3 convolution of one image at a time, padded with zeros: a bf16 image [height, width, inputs] and packed weights to fp32 sums
/// [⌈height / stride⌉, ⌈width / stride⌉, outputs]. Cuts the work into tiles whose weights stay in the first cache.
/// </summary>
internal sealed unsafe class ImageConvolution
{
    private readonly int chunk;
    private readonly int vectors;
    private readonly (int Column, nint Code)[] tiles;

    /// <param name="height">Rows of the input.</param>
    /// <param name="width">Pixels in a row of the input.</param>
    /// <param name="inputs">Input channels, a multiple of 16.</param>
    /// <param name="outputs">Output channels, a multiple of 16.</param>
    /// <param name="stride">1 or 2.</param>
    public ImageConvolution(int height, int width, int inputs, int outputs, int stride)
    {
        (Height, Width, Inputs, Outputs, Stride) = (height, width, inputs, outputs, stride);
        (Rows, Columns) = ((height + stride - 1) / stride, (width + stride - 1) / stride);
        chunk = new[] { 64, 48, 32, 16 }.First(n => inputs % n == 0);
        vectors = outputs % 32 == 0 ? 2 : 1;
        var count = (Columns + ConvolutionTile.MostPixels(vectors) - 1) / ConvolutionTile.MostPixels(vectors);
        tiles = new (int, nint)[count];
        for (var t = 0; t < count; t++)
        {
            var (from, to) = (Columns * t / count, Columns * (t + 1) / count);
            var tile = new ConvolutionTile(inputs, outputs, width, stride, from, to - from, vectors, chunk);
            tiles[t] = (from, (nint)tile.Assemble());
        }
    }

    public int Height { get; }
    public int Width { get; }
    public int Inputs { get; }
    public int Outputs { get; }
    public int Stride { get; }
    public int Rows { get; }
    public int Columns { get; }

    /// <summary>Numbers that packed weights take.</summary>
    public int PackedLength => 9 * Inputs * Outputs;

    /// <summary>Blocks of output channels, the unit in which weights are packed.</summary>
    public int Blocks => Outputs / (vectors * 16);

    /// <summary>Packs blocks of weights: [outputs / 16v, inputs / chunk, 3, 3, chunk / 2, 16v, 2] in bf16.</summary>
    /// <param name="weights">fp32; weights[output, input, row, column] lie so many numbers apart, taps one after the other.</param>
    /// <param name="outputStride">From one output channel to the next.</param>
    /// <param name="inputStride">From one input channel to the next.</param>
    /// <param name="forwardTaps">Taps as they are, or turned by half a circle as the gradient by the input needs them.</param>
    /// <param name="packed">PackedLength numbers.</param>
    /// <param name="blocks">The blocks to pack.</param>
    public void Pack(float* weights, int outputStride, int inputStride, bool forwardTaps, ushort* packed, (int From, int To) blocks)
    {
        var block = vectors * 16;
        packed += (nint)blocks.From * block * Inputs * 9;
        for (var o = blocks.From * block; o < blocks.To * block; o += block)
        {
            for (var c = 0; c < Inputs; c += chunk)
            {
                for (var tap = 0; tap < 9; tap++)
                {
                    var taps = weights + (forwardTaps ? tap : 8 - tap);
                    for (var i = c; i < c + chunk; i += 2)
                    {
                        for (var k = o; k < o + block; k++)
                        {
                            var from = taps + (nint)k * outputStride + (nint)i * inputStride;
                            *packed++ = Bf16.Round(from[0]);
                            *packed++ = Bf16.Round(from[inputStride]);
                        }
                    }
                }
            }
        }
    }

    /// <summary>Adds the convolution's rows from first to before last to sums, which begin with row first.</summary>
    public void Add(ushort* image, ushort* packed, float* sums, int first, int last)
    {
        var block = vectors * 16;
        for (var c = 0; c < Inputs; c += chunk)
        {
            for (var o = 0; o < Outputs; o += block)
            {
                var weights = packed + (nint)o * Inputs * 9 + (nint)c * block * 9;
                for (var row = first; row < last; row++)
                {
                    var top = row * Stride - 1;
                    var (skipped, end) = (top < 0 ? 1 : 0, Math.Min(Height, top + 3));
                    var rows = end - top - skipped;
                    var from = image + (nint)(top + skipped) * Width * Inputs + c;
                    var rowWeights = weights + skipped * 3 * chunk * block;
                    var to = sums + (nint)(row - first) * Columns * Outputs + o;
                    foreach (var (column, code) in tiles)
                    {
                        ((delegate* unmanaged<ushort*, ushort*, float*, nint, void>)code)(
                            from + column * Stride * Inputs,
                            rowWeights,
                            to + column * Outputs,
                            rows
                        );
                    }
                }
            }
        }
    }
}
