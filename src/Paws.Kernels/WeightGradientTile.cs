namespace Paws.Kernels;

/// <summary>
/// The innermost part of the gradient of a 3 × 3 convolution by its weights: one tap, some input channels by 16 to 64 output channels.
/// Their sums stay in registers while all pixels of some images are gone through, two neighbours of a row at a time.
/// </summary>
/// <param name="Inputs">Channels of the input pairs.</param>
/// <param name="Outputs">Channels of the output pairs.</param>
/// <param name="InputChannels">Of these, how many the tile has.</param>
/// <param name="Vectors">Output channels of the tile, in vectors of 16.</param>
/// <param name="Pairs">Pairs of pixels in a row of the output.</param>
/// <param name="InputPairs">Pairs of pixels in a row of the input.</param>
/// <param name="Rows">Rows of an image that the tap meets.</param>
/// <param name="OutputRows">Rows of an image of the output.</param>
/// <param name="InputRows">Rows of an image of the input.</param>
/// <param name="RowStep">Input rows from one output row to the next.</param>
internal readonly record struct WeightGradientTile(
    int Inputs,
    int Outputs,
    int InputChannels,
    int Vectors,
    int Pairs,
    int InputPairs,
    int Rows,
    int OutputRows,
    int InputRows,
    int RowStep
)
{
    private const int PairBytes = 2 * sizeof(ushort);

    /// <summary>The most input channels whose sums fit the registers beside the output's gradient and two broadcast inputs.</summary>
    public static int MostInputChannels(int vectors) => (Assembler.Vectors - vectors - 2) / vectors;

    /// <summary>
    /// The function (output, input, sums, images): output is the address of the gradient's pairs [images, OutputRows, Pairs, Outputs, 2],
    /// input of the input's pairs [images, InputRows, InputPairs, Inputs, 2], both at the first row that the tap meets and at the
    /// tile's first channel; sums [Inputs, Outputs] in fp32, added to, at the tile's first channels.
    /// </summary>
    public unsafe delegate* unmanaged<ushort*, ushort*, float*, nint, void> Assemble()
    {
        var a = new Assembler();
        var (firstOutput, firstInput) = (Vectors * InputChannels, Vectors * InputChannels + Vectors);
        var (outputRow, inputRow) = (Pairs * Outputs * PairBytes, InputPairs * Inputs * PairBytes);
        EverySum(a, store: false);
        var nextImage = a.Here;
        a.Set(Register.R10, Rows);
        var nextRow = a.Here;
        for (var pair = 0; pair < Pairs; pair++)
        {
            for (var v = 0; v < Vectors; v++)
            {
                a.Load(firstOutput + v, Register.Rdi, pair * Outputs * PairBytes + v * 64);
            }
            for (var channel = 0; channel < InputChannels; channel++)
            {
                var input = firstInput + channel % 2;
                a.Broadcast(input, Register.Rsi, (pair * Inputs + channel) * PairBytes);
                for (var v = 0; v < Vectors; v++)
                {
                    a.MultiplyPairs(channel * Vectors + v, firstOutput + v, input);
                }
            }
        }
        a.Add(Register.Rdi, outputRow);
        a.Add(Register.Rsi, RowStep * inputRow);
        a.Repeat(Register.R10, nextRow);
        a.Add(Register.Rdi, (OutputRows - Rows) * outputRow);
        a.Add(Register.Rsi, (InputRows - RowStep * Rows) * inputRow);
        a.Repeat(Register.Rcx, nextImage);
        EverySum(a, store: true);
        a.Return();
        return (delegate* unmanaged<ushort*, ushort*, float*, nint, void>)ExecutableCode.Of(a.ToArray());
    }

    private void EverySum(Assembler a, bool store)
    {
        for (var channel = 0; channel < InputChannels; channel++)
        {
            for (var v = 0; v < Vectors; v++)
            {
                var (sum, offset) = (channel * Vectors + v, (channel * Outputs + v * 16) * sizeof(float));
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
