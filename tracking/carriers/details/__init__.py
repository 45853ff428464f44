"""What a page needs beside scans: pick-up point, proof of delivery, neighbour, attempts, duties, window, papers."""
