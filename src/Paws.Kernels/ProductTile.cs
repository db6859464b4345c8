namespace Paws.Kernels;

/// <summary>
/// The innermost part of a convolution: the three taps of a column, over all input channels, for some neighbouring tiles of an image and
/// 16 or 32 output channels, whose sums stay in registers.
/// </summary>
/// <param name="Inputs">Input channels, a multiple of 16.</param>
/// <param name="Outputs">Channels of the sums.</param>
/// <param name="RowTiles">Tiles in a row of the image.</param>
/// <param name="Tiles">How many tiles are taken together.</param>
/// <param name="Vectors">Output channels taken together, in vectors of 16.</param>
internal readonly record struct ProductTile(int Inputs, int Outputs, int RowTiles, int Tiles, int Vectors)
{
    private const int Unroll = 4;

    /// <summary>The most tiles whose sums fit the registers beside the weights and two broadcast inputs.</summary>
    public static int Most(int vectors) => (Assembler.Vectors - vectors - 2) / vectors;

    /// <summary>
    /// The function (input, weights, sums, rows): input bf16, at the tile that the first tap meets, rows of [RowTiles, Inputs]; weights
    /// bf16 [rows, Inputs / 2, 16 · Vectors, 2]; sums fp32 [Tiles, Outputs], overwritten; rows is how many of the taps lie in the image.
    /// </summary>
    public byte[] Assemble()
    {
        var a = new Assembler();
        var tileBytes = Inputs * sizeof(ushort);
        var (firstWeight, firstInput) = (Vectors * Tiles, Vectors * Tiles + Vectors);
        for (var sum = 0; sum < Vectors * Tiles; sum++)
        {
            a.Zero(sum);
        }
        var nextRow = a.Here;
        a.Move(Register.R9, Register.Rdi);
        a.Set(Register.R10, Inputs / (2 * Unroll));
        var next = a.Here;
        for (var pair = 0; pair < Unroll; pair++)
        {
            for (var v = 0; v < Vectors; v++)
            {
                a.Load(firstWeight + v, Register.Rsi, (pair * Vectors + v) * 64);
            }
            for (var tile = 0; tile < Tiles; tile++)
            {
                var input = firstInput + tile % 2;
                a.Broadcast(input, Register.R9, tile * tileBytes + pair * 4);
                for (var v = 0; v < Vectors; v++)
                {
                    a.MultiplyPairs(tile * Vectors + v, firstWeight + v, input);
                }
            }
        }
        a.Add(Register.Rsi, Unroll * Vectors * 64);
        a.Add(Register.R9, Unroll * 4);
        a.Repeat(Register.R10, next);
        a.Add(Register.Rdi, RowTiles * tileBytes);
        a.Repeat(Register.Rcx, nextRow);
        for (var tile = 0; tile < Tiles; tile++)
        {
            for (var v = 0; v < Vectors; v++)
            {
                a.Store(Register.Rdx, (tile * Outputs + v * 16) * sizeof(float), tile * Vectors + v);
            }
        }
        a.Return();
        return a.ToArray();
    }
}
