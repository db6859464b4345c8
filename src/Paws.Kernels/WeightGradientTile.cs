namespace Paws.Kernels;

/// <summary>
/// The innermost part of the gradient by the weights: some input channels by 16 or 32 output channels, whose sums stay in registers while
/// tiles of pairs of images are gone through.
/// </summary>
/// <param name="Inputs">Channels of the input.</param>
/// <param name="Outputs">Channels of the output.</param>
/// <param name="InputChannels">Input channels taken together.</param>
/// <param name="Vectors">Output channels taken together, in vectors of 16.</param>
/// <param name="InputSkip">Tiles of the input that are left out after each image, besides those left out of both.</param>
internal readonly record struct WeightGradientTile(int Inputs, int Outputs, int InputChannels, int Vectors, int InputSkip)
{
    private const int PairBytes = 2 * sizeof(ushort);

    /// <summary>The most input channels whose sums fit the registers beside the output's gradient and two broadcast inputs.</summary>
    public static int Most(int vectors) => (Assembler.Vectors - vectors - 2) / vectors;

    /// <summary>
    /// The function (output, input, sums, images, tiles, skipped): output bf16 pairs [images, tiles + skipped, Outputs, 2], input
    /// [images, tiles + skipped + InputSkip, Inputs, 2], both at the first tile and at the first channels taken; sums fp32 [Inputs, Outputs], added to.
    /// </summary>
    public byte[] Assemble()
    {
        var a = new Assembler();
        var (firstOutput, firstInput) = (Vectors * InputChannels, Vectors * InputChannels + Vectors);
        a.Multiply(Register.R11, Register.R9, Outputs * PairBytes);
        a.Multiply(Register.R9, Register.R9, Inputs * PairBytes);
        EverySum(a, store: false);
        var nextImage = a.Here;
        a.Move(Register.R10, Register.R8);
        var next = a.Here;
        for (var v = 0; v < Vectors; v++)
        {
            a.Load(firstOutput + v, Register.Rdi, v * 64);
        }
        for (var channel = 0; channel < InputChannels; channel++)
        {
            var input = firstInput + channel % 2;
            a.Broadcast(input, Register.Rsi, channel * PairBytes);
            for (var v = 0; v < Vectors; v++)
            {
                a.MultiplyPairs(channel * Vectors + v, firstOutput + v, input);
            }
        }
        a.Add(Register.Rdi, Outputs * PairBytes);
        a.Add(Register.Rsi, Inputs * PairBytes);
        a.Repeat(Register.R10, next);
        a.Add(Register.Rdi, Register.R11);
        a.Add(Register.Rsi, Register.R9);
        if (InputSkip > 0)
        {
            a.Add(Register.Rsi, InputSkip * Inputs * PairBytes);
        }
        a.Repeat(Register.Rcx, nextImage);
        EverySum(a, store: true);
        a.Return();
        return a.ToArray();
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
