namespace Paws.Model

open TorchSharp

/// Y_S: the smoothed labels of a support batch. Support images come class by class and again from the first class
/// (a, b, c, a, b, c, …), so the matrix is the same each step, whichever classes were drawn.
[<RequireQualifiedAccess>]
module LabelMatrix =

    /// Smoothed one-hot rows: 1 − s + s/K at the row's class, s/K at the other classes, 0 in columns beyond the K classes.
    let private smoothed (columns: int) (classes: int) (smoothing: float) (columnOfRow: int[]) =
        if not (smoothing >= 0.0 && smoothing < 1.0) then
            Checks.fail $"label smoothing must be in [0, 1), got {smoothing}"

        let off = smoothing / float classes

        let values =
            Array.init (columnOfRow.Length * columns) (fun i ->
                let row, column = i / columns, i % columns

                if column = columnOfRow[row] then 1.0 - smoothing + off
                elif column < classes then off
                else 0.0)

        torch.tensor(values, dtype = torch.float64).reshape(int64 columnOfRow.Length, int64 columns)

    /// The labels of the supports of all workers, worker by worker, [w·c·i, w·c] in float64 on the CPU.
    ///
    /// classesPerRank c ≥ 1: classes a worker samples; imagesPerClass i ≥ 1 (each view of an image counts as one);
    /// worldSize w ≥ 1 workers; uniqueClasses: whether each worker has classes of its own (K = w·c) or all share them
    /// (K = c, and the remaining columns are zero); smoothing s in [0, 1). Rows sum to 1.
    let create (classesPerRank: int) (imagesPerClass: int) (worldSize: int) (uniqueClasses: bool) (smoothing: float) =
        Checks.atLeast 1 "classesPerRank" classesPerRank
        Checks.atLeast 1 "imagesPerClass" imagesPerClass
        Checks.atLeast 1 "worldSize" worldSize
        let rowsPerRank = classesPerRank * imagesPerClass

        Array.init (worldSize * rowsPerRank) (fun row ->
            let first =
                if uniqueClasses then
                    row / rowsPerRank * classesPerRank
                else
                    0

            first + row % rowsPerRank % classesPerRank)
        |> smoothed
            (worldSize * classesPerRank)
            (if uniqueClasses then
                 worldSize * classesPerRank
             else
                 classesPerRank)
            smoothing

    /// The labels of supports whose classes are given, in sampler order, [s,K] in float64 on the CPU. Columns stand for the
    /// classes in the order in which they first appear; K is how many there are. smoothing s in [0, 1). Rows sum to 1.
    let ofClasses (supportClasses: int[]) (smoothing: float) =
        Checks.atLeast 1 "number of supports" supportClasses.Length
        let distinct = Array.distinct supportClasses
        let column = distinct |> Array.mapi (fun i label -> label, i) |> dict

        supportClasses
        |> Array.map (fun label -> column[label])
        |> smoothed distinct.Length distinct.Length smoothing
