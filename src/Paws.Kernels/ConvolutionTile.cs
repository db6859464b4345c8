namespace Paws.Kernels;

/// <summary>
/// The innermost part of a 3 × 3 convolution: neighbouring pixels of one output row, 16 to 64 of their channels. Their sums stay in
/// registers while the taps and a chunk of the input channels are gone through, two channels at a time.
/// </summary>
/// <param name="Inputs">Channels of the input image, a multiple of 16.</param>
/// <param name="Outputs">Channels of the sums.</param>
/// <param name="Width">Pixels in a row of the input; outside of it the image is 0.</param>
/// <param name="Stride">Input pixels from one output pixel to the next.</param>
/// <param name="Column">The first output pixel.</param>
/// <param name="Pixels">How many of them.</param>
/// <param name="Vectors">Output channels, in vectors of 16.</param>
/// <param name="Chunk">Input channels gone through.</param>
internal readonly record struct ConvolutionTile(
    int Inputs,
    int Outputs,
    int Width,
    int Stride,
    int Column,
    int Pixels,
    int Vectors,
    int Chunk
)
{
    private const int Unroll = 4;

    /// <summary>The most pixels whose sums fit the registers beside the weights and two broadcast inputs.</summary>
    public static int MostPixels(int vectors) => (Assembler.Vectors - vectors - 2) / vectors;

    /// <summary>
    /// The function (input, weights, sums, rows): input is the address, in bf16, of the first tap's row at the tile's first pixel and the
    /// chunk's first channel; weights [rows, 3, chunk / 2, 16 · vectors, 2] in bf16; sums, in fp32 and added to, of the tile's first
    /// pixel and channel; rows is how many of the three rows of taps lie inside the image.
    /// </summary>
    public unsafe delegate* unmanaged<ushort*, ushort*, float*, nint, void> Assemble()
    {
        var a = new Assembler();
        var pixelBytes = Inputs * sizeof(ushort);
        var (firstWeight, firstInput) = (Vectors * Pixels, Vectors * Pixels + Vectors);
        EverySum(a, store: false);
        var nextRow = a.Here;
        for (var tap = -1; tap <= 1; tap++)
        {
            a.Move(Register.R9, Register.Rdi);
            a.Set(Register.R10, Chunk / (2 * Unroll));
            var next = a.Here;
            for (var pair = 0; pair < Unroll; pair++)
            {
                for (var v = 0; v < Vectors; v++)
                {
                    a.Load(firstWeight + v, Register.Rsi, (pair * Vectors + v) * 64);
                }
                for (var pixel = 0; pixel < Pixels; pixel++)
                {
                    if ((Column + pixel) * Stride + tap is var column && (column < 0 || column >= Width))
                    {
                        continue;
                    }
                    var input = firstInput + pixel % 2;
                    a.Broadcast(input, Register.R9, (pixel * Stride + tap) * pixelBytes + pair * 4);
                    for (var v = 0; v < Vectors; v++)
                    {
                        a.MultiplyPairs(pixel * Vectors + v, firstWeight + v, input);
                    }
                }
            }
            a.Add(Register.Rsi, Unroll * Vectors * 64);
            a.Add(Register.R9, Unroll * 4);
            a.Repeat(Register.R10, next);
        }
        a.Add(Register.Rdi, Width * pixelBytes);
        a.Repeat(Register.Rcx, nextRow);
        EverySum(a, store: true);
        a.Return();
        return (delegate* unmanaged<ushort*, ushort*, float*, nint, void>)ExecutableCode.Of(a.ToArray());
    }

    private void EverySum(Assembler a, bool store)
    {
        for (var pixel = 0; pixel < Pixels; pixel++)
        {
            for (var v = 0; v < Vectors; v++)
            {
                var (sum, offset) = (pixel * Vectors + v, (pixel * Outputs + v * 16) * sizeof(float));
                if (store)
                {
                    a.Store(Register.Rdx, offset, sum);
                }
                else
                {
                    a.Load(sum, Register.Rdx, offset);
                }
            }
        }
    }
}
